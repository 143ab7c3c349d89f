// Faults of one line for mutants.mjs: by file, what stands there and what is put instead. The text stands in the file exactly
// once. Each is a slip that somebody could make: a comparison, a constant, an end, a sign, a term, a branch. A fault that changes
// no answer is no fault: it is replaced by one that does.
export const faults = {
  // ---- base
  'core/base/text.cc': [
    ['(length - i) % 3 == 0', '(length - i) % 4 == 0'],
    ['10.0 * unit.bytes : 0.99995', '1.0 * unit.bytes : 0.99995'],
    ['count == 1 ? singular : plural', 'count != 1 ? singular : plural'],
    ['tokens % kKilo == 0', 'tokens % kKilo != 0'],
    ['if (whole < 3600) {', 'if (whole < 360) {'],
  ],
  'core/base/result.cc': [['if (text.size() > kLongest) {', 'if (text.size() > kLongest + 9) {']],
  'core/base/decimal.cc': [
    ["digits[at] > '5' ||", "digits[at] >= '5' ||"],
    ['return order > 0 || (order == 0 && at % 2 == 1);', 'return order >= 0;'],
    ['constexpr int kShortDigits = 19;', 'constexpr int kShortDigits = 21;'],
  ],
  'core/base/json.cc': [
    ['>= limits_.max_depth)', '> limits_.max_depth + 1)'],
    ['std::fabs(double_) <= kExact', 'std::fabs(double_) >= kExact'],
  ],
  // ---- formats
  'core/formats/dtype.cc': [['      return 1;', '      return 2;']],
  'core/formats/format_ids.cc': [
    ['{"awq-int4", "AWQ int4", FormatFamily::kAwq, 4, 128, false}', '{"awq-int4", "AWQ int4", FormatFamily::kAwq, 4, 128, true}'],
    ['{"nvfp4", "NVFP4", FormatFamily::kNvfp4, 4, 16, true}', '{"nvfp4", "NVFP4", FormatFamily::kNvfp4, 4, 32, true}'],
    ['scheme.per_channel = id.family == FormatFamily::kFp8;', 'scheme.per_channel = id.family == FormatFamily::kInt8;'],
    ['if (!made.wide_ends) format.average', 'if (made.wide_ends) format.average'],
  ],
  'core/formats/format_object.cc': [
    ['*bits >= 0.5 && *bits <= 32', '*bits >= 0.1 && *bits <= 32'],
    ['format->average = {};', ''],
    ['    scheme->scale_bytes = 1;', '    scheme->scale_bytes = 2;'],
  ],
  'core/formats/format_reading.cc': [
    ['*given < 2 || *given > 8', '*given < 2 || *given > 9'],
    ['format->rules_given = true;', ''],
    ['scheme->block_columns = *columns;', 'scheme->block_columns = *rows;'],
  ],
  'core/formats/gguf_types.cc': [
    ['{"Q4_K", 12, 256, 144}', '{"Q4_K", 12, 256, 140}'],
    ['{"IQ4_XS", 23, 256, 136}', '{"IQ4_XS", 23, 256, 138}'],
    ['CeilDiv(ne0, info.block)', '(ne0 / info.block + 1)'],
    ['{"q5_k_s", 16, GgmlType::kQ5K, false}', '{"q5_k_s", 17, GgmlType::kQ5K, false}'],
  ],
  'core/formats/weight_format.cc': [
    ['Bytes(rows) * CeilDiv(columns, 32);', 'Bytes(rows) * CeilDiv(columns, 16);'],
    ['words(rows, scheme.bits) * groups + Bytes(4) * columns;', 'words(rows, scheme.bits) * groups;'],
    ['Bytes(4) * CeilDiv(blocks, 256) +', 'Bytes(4) * CeilDiv(blocks, 64) +'],
    ['const Bytes zeros = scheme.symmetric ? Bytes(0)', 'const Bytes zeros = !scheme.symmetric ? Bytes(0)'],
  ],
  // ---- arch
  'core/arch/architecture.cc': [
    ['if (tensor.part != TensorPart::kText || tensor.duplicate) continue;', 'if (tensor.part != TensorPart::kText) continue;'],
    ['used = internal::SaturatingMultiply(used, mlp.experts_per_token);', 'used = internal::SaturatingMultiply(used, mlp.experts);'],
  ],
  'core/arch/architecture_builder.cc': [
    ['window > 0 && window < architecture.max_positions', 'window > 0 && window <= architecture.max_positions'],
    ['constexpr size_t kMaxGroups = 256;', 'constexpr size_t kMaxGroups = 255;'],
    ['head_dim != 0 ? head_dim : a.hidden / attention.heads', 'head_dim > 100 ? a.hidden : a.hidden / attention.heads'],
  ],
  'core/arch/architecture_reader.cc': [
    ['mlp.kind == MlpKind::kDense || mlp.dense_beside', 'mlp.kind != MlpKind::kDense || mlp.dense_beside'],
    ['parts.mtp = a.mtp_layers > 0;', 'parts.mtp = a.mtp_layers > 1;'],
  ],
  'core/arch/classic_families.cc': [
    ['if (builder.text.Bool("multi_query", false)) attention.kv_heads = 1;', ''],
    ["c.name[0] == 'G' ? 0.25 : 1", "c.name[0] == 'G' ? 0.5 : 1"],
    ['4 * builder.architecture.hidden', '3 * builder.architecture.hidden'],
  ],
  'core/arch/config_reader.cc': [
    ['*number >= least && *number <= most) return number;\n  Fail(key, Shown(value), RangeText', '*number >= least && *number < most) return number;\n  Fail(key, Shown(value), RangeText'],
    ['  if (error_->has_value()) return;', ''],
  ],
  'core/arch/dense_families.cc': [
    ['i = period - 1; i < builder.architecture.layers; i += period', 'i = period; i < builder.architecture.layers; i += period'],
    ['builder.text.Int("max_window_layers", 28, 0, kMaxLayers)', 'builder.text.Int("no_such_key", 28, 0, kMaxLayers)'],
  ],
  'core/arch/kv_cache.cc': [
    ['return blocks(34);', 'return blocks(32);'],
    ['recurrent.conv_kernel - 1, recurrent.conv_channels', 'recurrent.conv_kernel, recurrent.conv_channels'],
    ['CeilDiv(attention.index_dim, 128) * 4', 'CeilDiv(attention.index_dim, 128) * 2'],
    ['std::min(length, attention.window) : length', 'std::max(length, attention.window) : length'],
  ],
  'core/arch/parallelism.cc': [
    ['rank < experts % ep ? 1 : 0', 'rank <= experts % ep ? 1 : 0'],
    ['std::max<int64_t>(1, kv_heads / tp)', 'std::max<int64_t>(1, kv_heads * 2 / tp)'],
    ['CeilDiv(RoundUp(tensor.rows, 64), tp)', 'CeilDiv(tensor.rows, tp)'],
    ['s - (stages - 1 - extra), 0, extra', 's - (stages - extra), 0, extra'],
  ],
  'core/arch/rope_tables.cc': [
    ['if (kind == "linear") return Scaled(positions, factor);', 'if (kind == "linear") return positions;'],
    ['? 4 : 1;', '? 3 : 1;'],
    ['return original + positions;', 'return positions;'],
    ['a.rope_table_fp32 = latent &&', 'a.rope_table_fp32 = !latent &&'],
  ],
  'core/arch/stored_parts.cc': [['name == "mtp";', 'name == "mtp_embeddings";']],
  'core/arch/vision_tower.cc': [
    ['layer < 0 ? t.layers + layer + 1 : layer', 'layer < 0 ? t.layers + layer : layer'],
    ['Positions() + 1,\n                 t.hidden);\n    LayerNorm("pre_layrnorm"', 'Positions(),\n                 t.hidden);\n    LayerNorm("pre_layrnorm"'],
    ['Norm("ln_q", t.hidden, later);', ''],
  ],
  // ---- weights
  'core/weights/format_binding.cc': [
    ['FormatFamily::kInt8 ? 2 : 4;', 'FormatFamily::kInt8 ? 4 : 4;'],
    ['if (has_experts && mixer) bits', 'if (mixer) bits'],
  ],
  'core/weights/gguf_recipe.cc': [
    ['i >= 7 * n / 8 ||', 'i >= 6 * n / 8 ||'],
    ['if (experts_ == 8) return GgmlType::kQ8_0;', ''],
    ['int64_t per_token = 39;', 'int64_t per_token = 38;'],
    ['constexpr int64_t kTensorInfo = 64;', 'constexpr int64_t kTensorInfo = 48;'],
    ['entry->from <= layer', 'entry->from < layer'],
  ],
  'core/weights/gguf_tensors.cc': [
    ['x.nope_dim, x.kv_lora_rank, x.heads', 'x.value_dim, x.kv_lora_rank + 1, x.heads'],
    ['x.query_gate ? 2 : 1', 'x.query_gate ? 1 : 1'],
    ['tensor.expert = Contains(tensor.name, "_exps.")', 'tensor.expert = Contains(tensor.name, "_shexp.")'],
  ],
  'core/weights/weights.cc': [
    ['std::max(stored.high - stored.checkpoint, stored.checkpoint - stored.low)', 'std::min(stored.high - stored.checkpoint, stored.checkpoint - stored.low)'],
    ['8.0 * static_cast<double>(stored.checkpoint.count()) / static_cast<double>(elements)', '7.0 * static_cast<double>(stored.checkpoint.count()) / static_cast<double>(elements)'],
  ],
  'core/weights/bound_tensors.cc': [
    ['role == StepRole::kExpert ? all /', 'role != StepRole::kExpert ? all /'],
    ['a.columns == b.columns && a.linear &&', 'a.linear &&'],
  ],
  // ---- files
  'core/files/file_tensors.cc': [
    ['IsNumber(part) && *layer < 0', 'IsNumber(part)'],
    ['std::sort(row.layers.begin(), row.layers.end());', ''],
  ],
  'core/files/gguf_header.cc': [['tensor->offset < end)', 'tensor->offset <= end)']],
  'core/files/gguf_config.cc': [
    ['if (only_width && width > 0)', 'if (width > 0)'],
    ['std::max<int64_t>(key - rope, 0)', 'std::max<int64_t>(key, 0)'],
  ],
  'core/files/safetensors_header.cc': [
    ['spans[i].begin < spans[i - 1].end', 'spans[i].begin < spans[i - 1].begin'],
    ['qweight_columns < scales_columns', 'qweight_columns > scales_columns'],
  ],
  'core/files/model_file.cc': [['headers.size() == 1 && headers[0].split_count > 1', 'headers.size() == 1 && headers[0].split_count > 2']],
  // ---- catalog
  'core/catalog/gpu.cc': [
    ['MiB(380) + MiBFromDouble(0.0024', 'MiB(380) - MiBFromDouble(0.0024'],
    ['gb >= row.from_gb', 'gb > row.from_gb'],
  ],
  'core/catalog/interconnect.cc': [
    ['gpu.arch == "CDNA2" ? kPcie4', 'gpu.arch == "CDNA2" ? kPcie5'],
    ['rate > 0 ? 2 * (n - 1) / n / rate : 0', 'rate > 0 ? 2 * n / (n - 1) / rate : 0'],
    ['bridge >= 100 && ranks == 2', 'bridge >= 100 && ranks >= 2'],
    ['ranks > 2; ranks = (ranks + 1) / 2', 'ranks > 1; ranks = (ranks + 1) / 2'],
  ],
  'core/catalog/name_index.cc': [
    ['{KeysOf(SplitName(LastPart(checkpoint.repo))), kSameButActive}', '{KeysOf(SplitName(LastPart(checkpoint.repo))), kSameWhole}'],
    ['if (asked.plain == own.core) return kSameButActive;', ''],
    ['if (match <= best_match) continue;', 'if (match < best_match) continue;'],
  ],
  'core/catalog/name_parts.cc': [
    ['std::fabs(size - billions) < 0.6', 'std::fabs(size - billions) < 60'],
    ['if (IsActiveSize(word)) continue;', ''],
    ['keys.sized = keys.sized || BillionsIn(word) >= 0;', ''],
  ],
  // ---- config
  'core/config/config_codec.cc': [
  ],
  'core/config/version_text.cc': [
    ['year % 100 != 0 || year % 400 == 0', 'year % 100 == 0 || year % 400 == 0'],
    ['day < 1 || day > DaysInMonth(year, month)', 'day < 1 || day > 31'],
  ],
  'core/config/workload.cc': [
    ['std::max(fresh, history + 1) : history + fresh', 'std::max(fresh, history + 1) : fresh'],
    ['Ln(spec.mean) - variance / 2', 'Ln(spec.mean) + variance / 2'],
    ['clock += random.Exponential(workload.rate);', 'clock = random.Exponential(workload.rate);'],
  ],
  'core/config/trace_reader.cc': [
    ['if (!values && lines_ == 1) return true;', 'if (!values) return true;'],
    ['if (ends) cut_.clear();', ''],
    ['kLongestLine - cut_.size()', 'kLongestLine'],
    ['if (!error_ && !cut_.empty()) TakeLine(cut_);', ''],
    ['if (i < 2 && !separated) return std::nullopt;', ''],
    ['>= kMostRequests', '> kMostRequests'],
  ],
  // ---- resolve
  'core/resolve/report.cc': [['return "cache_too_small";', 'return "loading";']],
  'core/resolve/resolve.cc': [
    ['if (total % resolved->nodes != 0) {', 'if (total % resolved->nodes == 1) {'],
    ['} else if (ranks < total) {', '} else if (ranks < total - 1) {'],
    ['if (native_format == "mxfp4") return "gguf-mxfp4_moe";', ''],
  ],
  'core/resolve/resolved_config.cc': [
    ['&& !IsConfigValueGiven(', '&& IsConfigValueGiven('],
  ],
  // ---- speed
  'core/speed/card_rates.cc': [
    ['if (fused) rates.moe_layer *= speeds.fused_experts.value;', ''],
    ['rates.prefill_moe *= speeds.triton_experts.value;', 'rates.prefill_moe *= speeds.fused_experts.value;'],
    ['rates.prefill_layer = 1e-6 *', 'rates.prefill_layer = layer *'],
    ['rates.expert_narrow = through ? 0 : engine', 'rates.expert_narrow = engine'],
    ['/ (integers ? lanes * IntegerShare(gpu) : lanes)', '/ lanes'],
    ['LaneRate(gpu) / (small ? 64 : 128);', 'LaneRate(gpu) / 128;'],
    ['format == FormatClass::kInt4 ? clocks *', 'format != FormatClass::kHalf ? clocks *'],
    ['return 1 / speeds.ggml_vulkan.value;', 'return 1;'],
    ['return speeds.operations_per_joule_blackwell.value;', 'return speeds.operations_per_joule_hbm.value;'],
    ['if (!radeon || !CountsPairs(gpu) || ', 'if (!radeon || '],
    ['if (integers && style.old_unpacking)', 'if (style.old_unpacking)'],
    ['if (integers && IsAppleM1(gpu))', 'if (integers && !HasDotProduct(gpu))'],
    ['!bound || gpu.fp32.value() <= 0', '!bound'],
    ['(CountsPairs(gpu) ? 4 : 2)', '2'],
    ['card == CardClass::kRdna && !CountsPairs(gpu)', 'card == CardClass::kRdna'],
    [' && !rdna2', ''],
    ['reported < 0.96 * sold', 'reported > 0.96 * sold'],
    ['card.stream.value * card.cache.value)', 'card.stream.value)'],
    ['if (r.enforce_eager) layer *= speeds.eager_layer.value;', ''],
  ],
  'core/speed/serving_speed.cc': [
    ['const double each = prompt + output / 2;', 'const double each = prompt + output;'],
    ['cycle = ttft + tpot * std::max(0.0, output - 1);', 'cycle = ttft + tpot * std::max(0.0, output);'],
    ['ttft += 0.5 * (running - 1) * intrusion;', 'ttft += (running - 1) * intrusion;'],
    ['RestOf(steps, after - length, depth + 1)', 'RestOf(steps, after, depth + 1)'],
    ['speed.low = speed.decode_tokens_per_s * (1 - band.below);', 'speed.low = speed.decode_tokens_per_s * (1 + band.below);'],
  ],
  'core/speed/step_model.cc': [
    ['c.expert_tile = engine.expert_tile.value;', 'c.expert_tile = 0;'],
    ['return n + n * tile / (n + tile);', 'return n + tile / (n + tile);'],
    ['const double times = w.sublayers + 1;', 'const double times = w.layers + 1;'],
    ['+ w.recurrent_layers * rates.scan;', ';'],
    ['c.experts *= 1 + rates.expert_narrow / w.expert_width;', ''],
    ['/ 2 * rates.unpack[f] / engine.unpack_tokens : 0', '/ 2 * rates.unpack[f] : 0'],
    ['pass_tokens >= c.stream_threshold', 'pass_tokens > c.stream_threshold'],
    ['Seconds(pairs / stages * overlap)', 'Seconds(pairs * overlap)'],
    ['c.accepted = (1 - IntegerPower(p, k + 1)) / (1 - p);', 'c.accepted = (1 - IntegerPower(p, k)) / (1 - p);'],
    ['card.stream.rows > 0 ? 1 : 1.5', 'card.stream.rows > 0 ? 1 : 1'],
  ],
  'core/speed/step_work.cc': [
    ['if (from >= span) return n * w;', 'if (from > span) return n * w + 1;'],
    ['count * elements * (wide ? 4 : 2)', 'count * elements * (wide ? 2 : 2)'],
    ['const double moved = tensor.in_and_out * (0.5 + 0.5 * share);', 'const double moved = tensor.in_and_out * share;'],
    ['each.bytes = each.query_bytes = latent * k_bytes;', 'each.bytes = each.query_bytes = latent * k_bytes / tp;'],
  ],
  'core/speed/measured_speeds.cc': [
    ['if (cc == 80) return CardClass::kAmpereHbm;', ''],
    ['scheme.bits >= 8 ? FormatClass::kInt8', 'scheme.bits > 8 ? FormatClass::kInt8'],
  ],
  // ---- schedule
  'core/schedule/block_pool.cc': [
    ['const int64_t cost = extent.stream < 0 ? 1 : unit_;', 'const int64_t cost = 1;'],
    ['if (plain > 0) Append(-1, plain);', 'if (plain > 1) Append(-1, plain);'],
    ['extent.units = (extent.units - units) * unit_;', 'extent.units = extent.units * unit_;'],
  ],
  'core/schedule/capacity.cc': [['if (Blocks(1) > each) return 0;', 'if (Blocks(1) >= each) return 0;']],
  'core/schedule/percentiles.cc': [
    ['result.p95 = at(2);', 'result.p95 = at(1);'],
    ['(first + last) / 2 *', '(first + last) *'],
    ['static_cast<double>(values->size() - 1);', 'static_cast<double>(values->size()) - 1.5;'],
    ['rank.kept = rank.all - left_out;', 'rank.kept = rank.all;'],
    ['keep = keep || holds(rank.all) || holds(rank.all + 1);', 'keep = keep || holds(rank.all);'],
    ['return (bits & kSign) != 0 ? ~bits : bits | kSign;', 'return bits | kSign;'],
    ['place >= below && place < seen', 'place > below && place < seen'],
    ['constexpr int kDroppedBits = 45;', 'constexpr int kDroppedBits = 47;'],
  ],
  'core/schedule/replica.cc': [
    ['(Live(index).total - 1) / setup_.block_size', 'Live(index).total / setup_.block_size'],
    ['needed += CeilDiv(promised + answer, setup_.block_size)', 'needed += CeilDiv(promised, setup_.block_size)'],
    ['if (!fewer && !longer) continue;', 'if (!fewer) continue;'],
    ['stuck = running_ >= setup_.max_num_seqs;', 'stuck = running_ > setup_.max_num_seqs;'],
    ['rest = std::min(rest, setup_.most_of_prompt);', 'rest = std::max(rest, setup_.most_of_prompt);'],
    ['waiting_.push_front(index);', 'waiting_.push_back(index);'],
    ['growth * (count * (count - 1) / 2)', 'growth * (count * (count + 1) / 2)'],
    ['return running_ == 1 && GiveUpLastLoad();', 'return false;'],
    ['blocked_ = false;  // what waits may find more, or less', ''],
    ['GiveUpLoad(last->second, false);', 'GiveUpLoad(last->second, true);'],
    ['if (!(ready > 0)) return false;', 'return false;'],
    ['std::min(duration, step_load_) / layers', 'std::min(duration, step_load_)'],
    ['link_free_ = std::max(link_free_, now_) +', 'link_free_ = now_ +'],
    ['const int64_t spared = std::min(loads.from_ram, loads.given_up);', 'const int64_t spared = 0;'],
    ['if (tier.moves) step_load_ = std::max(step_load_,', 'if (tier.moves) step_load_ = std::min(step_load_,'],
    ['found.loaded - found.units() % setup_.host.chunk', 'found.loaded'],
    ['if (setup_.host.prompts_only) read = std::min(read, request.prompt);', ''],
    ['if (setup_.slots.one_pool) slot_memory_.LeaveRoom', 'if (!setup_.slots.one_pool) slot_memory_.LeaveRoom'],
    ['step_load_ += copying;', ''],
    ['growth *= ForOneToken();', ''],
    ['if (++in_block == setup_.block_size) in_block = 0;', 'if (++in_block == setup_.block_size) in_block = 1;'],
    ['value() - whole_decode_time + decode_time', 'value()'],
  ],
  'core/schedule/host_cache.cc': [
    ['std::max(before, std::min(units, total_))', 'std::min(units, total_)'],
    ['const int32_t oldest = first_;', 'const int32_t oldest = last_;'],
  ],
  'core/schedule/slot_memory.cc': [
    ['slot.copy != kNone && slot.copy == number_of_[session]', 'slot.copy != kNone'],
    ['std::min(held.tokens, prompt.shared)', 'held.tokens'],
    ['alike <= rules_.similarity', 'alike < rules_.similarity'],
    ['2 * Common(held, prompt) < held.tokens', '2 * Common(held, prompt) <= held.tokens'],
    ['held.checkpoint <= common ?', 'held.checkpoint >= common ?'],
    ['if (has && saved_[place].tokens >= held.tokens) return Bytes(0);', ''],
    ['held.number < than', 'held.number <= than'],
    ['if (limited && size > rules_.limit) return Bytes(0);', ''],
    ['4 * held.shared >= held.tokens', '4 * held.shared > held.tokens'],
    ['if (rules_.one_pool) SetHeld(static_cast<int32_t>(i), {});', ''],
    ['if (Common(held, prompt) > 0) return saved_.size();', ''],
  ],
  'core/schedule/scheduler.cc': [
    ['waiting * 20 > arrived', 'waiting * 20 < arrived'],
    ['each <= objective.tpot_ms', 'each >= objective.tpot_ms'],
    ['ones.back() <= objective.ttft_ms', 'ones.back() >= objective.ttft_ms'],
    ['if (record.turn == 0) {', 'if (record.turn >= 0) {'],
    ['request.after = place[At(request.after)]', 'request.after = place[0]'],
    ['list.initially_released / replicas + more', 'list.initially_released / replicas'],
    ['own.usage_time / static_cast<double>(replicas_.size())', 'own.usage_time'],
  ],
  'core/schedule/scheduler_setup.cc': [
    ['units * setup.full_groups + setup.state_blocks', 'units * setup.full_groups'],
    ['state * (1 + checkpoints)', 'state'],
    ['return asked && has;', 'return asked;'],
    ['takes(workload.by_priority, mixes, "scheduling_policy")', 'workload.by_priority'],
  ],
  'core/schedule/simulation_report.cc': [
    ['summary.preemptions * 10 > summary.done', 'summary.preemptions * 5 > summary.done'],
    ['reading.alert = 0.92;', 'reading.alert = 0.29;'],
    ['std::max<int64_t>(0, count - most_requests)', 'std::max<int64_t>(0, count)'],
  ],
  // ---- engines
  'core/engines/settle.cc': [['longest > 0 && longest < resolved->max_model_len', 'longest > 0 && longest > resolved->max_model_len']],
  'core/engines/server.cc': [['operation.max_sequences = resolved.max_num_seqs;', 'operation.max_sequences = 0;']],
  'core/engines/system_memory.cc': [
    ['term.bytes = card.reserved;', 'term.bytes = card.capacity;'],
    ['if (gpu.others > Bytes(0)) {', 'if (gpu.others < Bytes(0)) {'],
  ],
  'core/engines/generic/generic_engine.cc': [
    ['share.weights = r.stored.held / ranks;', 'share.weights = r.stored.held;'],
    ['if (gpu.headroom < Bytes(0)) fits = false;', 'if (gpu.headroom < GiB(1)) fits = false;'],
  ],
  'core/engines/vllm/vllm_platforms.cc': [
    ['if (!gpu.fp8_native) CheckFormat(kWithoutFp8, resolved, gpu, remarks);', ''],
    ['if (!target->wheels) {', 'if (target->wheels) {'],
  ],
  'core/engines/vllm/vllm_activation.cc': [
    ['3 * CeilDiv(intermediate, resolved.tp)', '2 * CeilDiv(intermediate, resolved.tp)'],
    ['std::min(resolved.max_num_seqs, resolved.max_num_batched_tokens)', 'resolved.max_num_batched_tokens'],
    ['(mlp.gated ? 2 : 1) * width', '(mlp.gated ? 1 : 1) * width'],
  ],
  'core/engines/vllm/vllm_cuda_graphs.cc': [
    ['return small + largest / 8;', 'return small + largest / 16;'],
    ['(largest - 256) / 16 + 1', '(largest - 256) / 16'],
    ['if (resolved.lora.max_loras > 0 && rules.lora_graphs) mib *= 2;', ''],
  ],
  'core/engines/vllm/vllm_defaults.cc': [['card.capacity >= GiB(70)', 'card.capacity >= GiB(90)']],
  'core/engines/vllm/vllm_plan.cc': [
    ['if (rules.driver_inside) pool -= gpu.others;', ''],
    ['if (needed <= blocks - missing) return States::kEnough;', 'if (needed <= blocks) return States::kEnough;'],
    ['BytesFromDouble(measured * Value(Measure::kVllmTightActivation)', 'BytesFromDouble(measured * 2 * Value(Measure::kVllmTightActivation)'],
    ['GiBFromDouble(Value(Measure::kVllmTightBase))', 'GiBFromDouble(2 * Value(Measure::kVllmTightBase))'],
  ],
  'core/engines/vllm/vllm_longest.cc': [
    ['(Steady(middle) ? same : other) = middle;', '(Steady(middle) ? other : same) = middle;'],
    ['(Fits(middle) ? fits : fails) = middle;', '(Fits(middle) ? fails : fits) = middle;'],
  ],
  'core/engines/vllm/vllm_explain.cc': [
    ['+ " cards" : text;', '+ " ranks" : text;'],
    ['CountedText(resolved_.max_num_batched_tokens, "token", "tokens")', 'CountedText(resolved_.max_num_seqs, "token", "tokens")'],
    ['CountText(blocks) + " x " + CountText(layout.block_bytes)', 'CountText(layout.block_bytes) + " x " + CountText(blocks)'],
  ],
  'core/engines/vllm/vllm_gates.cc': [
    ['VllmNumber(0, 14) ? 75 : 80;', 'VllmNumber(0, 14) ? 80 : 80;'],
    ['WeightOnly(gpu, 89, "fp8");', 'WeightOnly(gpu, 80, "fp8");'],
    ['size % unit != 0 || size % tp != 0 ||', 'size % tp != 0 ||'],
    ['capability < 75 && number()', 'capability < 76 && number()'],
    ['if (own != theirs) {', 'if (own < theirs) {'],
  ],
  'core/engines/vllm/vllm_kv_cache.cc': [
    ['CeilDiv(attention.kv_lora_rank, 128) * 4 + attention.rope_dim * 2', 'CeilDiv(attention.kv_lora_rank, 128) * 4 + attention.rope_dim'],
    ['2 * most < 3 * least ? most', '2 * most < 4 * least ? most'],
    ['if (sparse || gpu->compute_capability == 90) return 64;', 'if (sparse || gpu->compute_capability == 90) return 128;'],
  ],
  'core/engines/vllm/vllm_levers.cc': [
    ['if (!start.eager) {', 'if (start.eager) {'],
    ['if (start.sequences > 256) {', 'if (start.sequences > 255) {'],
  ],
  'core/engines/vllm/vllm_rules.cc': [
    ['version.number >= VllmNumber(0, 25) &&', 'version.number >= VllmNumber(0, 20) &&'],
    ['since(21) ? 0.92 : 0.9', 'since(22) ? 0.92 : 0.9'],
    ['rules.communicators_inside = !since(11);', 'rules.communicators_inside = !since(10);'],
    ['rules.moe_chunk = since(17) ? 0 : since(12) ? 16384', 'rules.moe_chunk = since(17) ? 0 : since(12) ? 32768'],
  ],
  'core/engines/vllm/vllm_runtime.cc': [
    ['inside += after;', 'inside += communicators;'],
    ['    outside = 0;', ''],
  ],
  'core/engines/vllm/vllm_server.cc': [
    ['CeilDiv(spec.window, setup->block_size) + 1;', 'CeilDiv(spec.window, setup->block_size);'],
    ['report.kv.num_blocks - 1, 0', 'report.kv.num_blocks, 0'],
    ['setup->lookahead = resolved.speculative.num_tokens;', ''],
  ],
  'core/engines/vllm/vllm_version.cc': [['if (release.number <= number) date', 'if (release.number < number) date']],
  'core/engines/vllm/vllm_weights.cc': [
    ['(wide ? 4 : 2);', '(wide ? 2 : 2);'],
    ['rest <= MiB(1) ? rest : Bytes(0)', 'rest <= MiB(2) ? rest : Bytes(0)'],
  ],
  'core/engines/rank_weights.cc': [
    ['result.padding * 16 / 17', 'result.padding * 15 / 17'],
    ['while (group >= 32 &&', 'while (group >= 64 &&'],
  ],
  'core/engines/sglang/sglang_rules.cc': [
    ['mib += 2 * batch;', 'mib += 3 * batch;'],
    ['if (in.gpu_mib > 60 * kGib) mib', 'if (in.gpu_mib > 90 * kGib) mib'],
    ['gib = 9.5 + degree / 2;', 'gib = 9.5 + degree / 4;'],
    ['1 - 0.1 * (size - 1)', '1 - 0.2 * (size - 1)'],
  ],
  'core/engines/sglang/sglang_pool.cc': [
    ['pools.room -= cell.slot() * (pools.slots + spare);', 'pools.room -= cell.slot() * pools.slots;'],
    ['bool DraftIsPriced(const Resolved& resolved) { return resolved.version.number >= SglangNumber(0, 5, 14); }', 'bool DraftIsPriced(const Resolved& resolved) { return resolved.version.number >= SglangNumber(0, 5, 10); }'],
    ['resolved.state_element : 4;', 'resolved.state_element : 2;'],
  ],
  'core/engines/sglang/sglang_plan.cc': [
    ['free * (1 - SglangFraction(resolved_, plan_.context))', 'free * SglangFraction(resolved_, plan_.context)'],
    ['Band(resolved, rank) >= Bytes(0)', 'Band(resolved, rank) >= GiB(2)'],
    ['if (DraftInShare(resolved_)) rank.rest -= rank.weights.draft;', ''],
  ],
  'core/engines/sglang/sglang_weights.cc': [
    ['Bytes(resolved.rope.table_elements) * 4;', 'Bytes(resolved.rope.table_elements) * 2;'],
    ['constexpr Bytes kSegment = MiB(20);', 'constexpr Bytes kSegment = MiB(10);'],
  ],
  'core/engines/llama_cpp/llama_compute_buffer.cc': [
    ['Alloc(Times(Row(mask->cells), shape.heads));', 'Alloc(Row(mask->cells));'],
    ['return inputs * copies + ready_made + transient;', 'return inputs + ready_made + transient;'],
    ['return kFloat * side * side;', 'return kFloat * side;'],
  ],
  'core/engines/llama_cpp/llama_engine.cc': [
    ['constexpr int64_t kAutomaticSlots = 4;', 'constexpr int64_t kAutomaticSlots = 5;'],
    ['resolved->n_gpu_layers = LayersOf(*resolved) + 1;', 'resolved->n_gpu_layers = LayersOf(*resolved);'],
  ],
  'core/engines/llama_cpp/llama_gates.cc': [
    ['version.number < build : version.date < date', 'version.number <= build : version.date <= date'],
    ['attention.key_dim % 32 != 0', 'attention.key_dim % 64 != 0'],
    ['*config.max_model_len <= own ||', '*config.max_model_len < own ||'],
  ],
  'core/engines/llama_cpp/llama_graph_allocator.cc': [
    ['room < size || room > best_size', 'room < size || room < best_size'],
    ['if (hole.begin < offset) continue;', 'if (hole.begin <= offset) continue;'],
  ],
  'core/engines/llama_cpp/llama_kv_cache.cc': [
    ['return resolved.flash_attention ? 256 : 32;', 'return resolved.flash_attention ? 32 : 32;'],
    ['1 + std::max<int64_t>(resolved.speculative.num_tokens, 0)', '2 + std::max<int64_t>(resolved.speculative.num_tokens, 0)'],
  ],
  'core/engines/llama_cpp/llama_levers.cc': [
    ['std::min<int64_t>(end - ten * 10, 10) - 1', 'std::min<int64_t>(end - ten * 10, 10)'],
    ['c->n_gpu_layers = layers - number;', 'c->n_gpu_layers = layers - number - 1;'],
  ],
  'core/engines/llama_cpp/llama_log.cc': [
    ['since(5430, 20250520)', 'since(5420, 20250520)'],
    ['CountText(device.end_layer - device.first_layer) + " of "', 'CountText(device.end_layer) + " off "'],
    ['layers + 1) + " layers to GPU"', 'layers) + " layers to GPU"'],
  ],
  'core/engines/llama_cpp/llama_placement.cc': [
    ['output_first ? layers + 1 - wanted : layers - wanted', 'output_first ? layers - wanted : layers - wanted'],
    ['if (!layout.tied) placement.host_weights += layout.output;', 'placement.host_weights += layout.output;'],
    ['resolved.n_cpu_moe == 0 && moved.empty()', 'moved.empty()'],
  ],
  'core/engines/llama_cpp/llama_plan.cc': [
    ['card.capacity - card.others - LlamaRuntimeBytes(*card.gpu, BackendOf(resolved))',
      'card.capacity - LlamaRuntimeBytes(*card.gpu, BackendOf(resolved))'],
    ['tensor.columns == 1 || positions ? 4 : 2', 'tensor.columns == 1 ? 4 : 2'],
    ['Bytes(2 * lora.max_loras * lora.max_rank)', 'Bytes(lora.max_loras * lora.max_rank)'],
  ],
  'core/engines/llama_cpp/llama_rules.cc': [
    ['version.number >= row.build', 'version.number > row.build'],
  ],
  'core/engines/llama_cpp/llama_server.cc': [
    ['ContextOf(resolved) / std::max<int64_t>(resolved.max_num_seqs, 1)', 'ContextOf(resolved)'],
    ['if (r.n_gpu_layers < a.layers) {', 'if (r.n_gpu_layers < a.layers + 1) {'],
    ['built < kGraphsSince', 'built <= kGraphsSince'],
    ['built < kMetalProductsSince', 'built <= kMetalProductsSince'],
  ],
  'core/engines/llama_cpp/llama_fit.cc': [
    ['bytes[i] <= targets_[i]) {\n        loads_ = loads;', 'bytes[i] >= targets_[i]) {\n        loads_ = loads;'],
    ['if (part == Part::kDense) return tensor.expert;', 'if (part == Part::kDense) return !tensor.expert;'],
  ],
  'core/engines/llama_cpp/llama_verdict.cc': [
    ['gpu.headroom + band < Bytes(0)', 'gpu.headroom < Bytes(0)'],
    ['held + kSystem > size', 'held - kSystem > size'],
  ],
  'core/engines/ollama/ollama_graph.cc': [
    ['(layer + 1) % kGemma3Period != 0', 'layer % kGemma3Period != 0'],
    ['4 * t.b * (1 + 4 * t.e + t.c * (1 + t.h))', '4 * t.b * (1 + 4 * t.e + t.c * t.h)'],
  ],
  'core/engines/ollama/ollama_layers.cc': [
    ['result_.graph = whole ? full_ : partial_;', 'result_.graph = whole ? partial_ : full_;'],
    ['MiB(card.metal ? 512 : 457)', 'MiB(card.metal ? 457 : 512)'],
    ['while (layers[i] > free) {', 'while (layers[i] >= free) {'],
  ],
  'core/engines/ollama/ollama_placement.cc': [
    ['s.predicted + extra <= most', 's.predicted <= most'],
    ['s.context > 32768 && fits(kLarge)', 's.context >= 32768 && fits(kLarge)'],
    ['per_head * 2);', 'per_head);'],
  ],
  'core/engines/ollama/ollama_rules.cc': [
    ['vram >= GiB(47) ? 262144', 'vram > GiB(47) ? 262144'],
    ['release.number >= row.release', 'release.number > row.release'],
  ],
  'core/engines/ollama/ollama_log.cc': [
    ['decimal ? value : std::floor(value)', 'value'],
    ['lround(share * 100)', 'lround((1 - share) * 100)'],
  ],
  'core/engines/ollama/ollama_version.cc': [
    ['if (of(row) <= wanted) found = &row;', 'if (of(row) < wanted) found = &row;'],
  ],
  'core/base/kin_names.cc': [
    ['kOtherGeneration + 10 * apart', '10 * apart'],
    ['others[0].word != parts[0].word', 'others[0].word == parts[0].word'],
  ],
  'core/engines/llama_cpp/llama_version.cc': [
    ['(to - from) * (build - before->number)', '(to - from) * (build - before->number + 900)'],
  ],
  'core/engines/host_tier.cc': [
    ['of_replica / resolved.ram.bandwidth.value()', '0.0'],
    ['tier.load = slowest / blocks.units;', 'tier.load = slowest;'],
  ],
  // ---- estimate, solve, validate
  'core/estimate/cost.cc': [
    ['cost.usd_per_hour - power_per_hour', 'cost.usd_per_hour + power_per_hour'],
    ['8 / (link_bits_per_s * kPayloadShare)', '8 / link_bits_per_s'],
    ['kHostLinkShare * HostLink(*card.gpu).value()', 'HostLink(*card.gpu).value()'],
  ],
  'core/estimate/estimate.cc': [
    ['gpu.reserved = card.reserved;', ''],
  ],
  'core/estimate/verdict.cc': [
    ['segment.bytes < MiB(50)', 'segment.bytes < MiB(500)'],
    ['return "What is left, "', 'return "What is missing, "'],
    ['sequences < 99.95 ? 1 : 0', 'sequences < 9.95 ? 1 : 0'],
    ['a.headroom < b.headroom', 'a.headroom > b.headroom'],
    ['" sharing " : " dividing "', '" dividing " : " sharing "'],
  ],
  'core/solve/solver.cc': [
    ['trial->report.kv.max_concurrency < static_cast<double>(sequences)', 'trial->report.kv.max_concurrency < 0.5 * static_cast<double>(sequences)'],
    ['if (bits <= best_bits) return;', 'if (bits >= best_bits && best_bits > 0) return;'],
  ],
  'core/solve/variation.cc': [
    ['count > 8 ? count / 8 : 1', 'count >= 8 ? count / 8 + 1 : 1'],
    ['config.dp.reset();', ''],
    ['if (start.model->native_format == format) return true;', ''],
  ],
  'core/solve/ways_out.cc': [
    ['report.verdict == Verdict::kTight ? kDistanceTight : 0', 'report.verdict == Verdict::kTight ? 2 * kDistanceTight : 0'],
    ['change.distance + kDistanceLength + 0.5 * halvings', 'change.distance + kDistanceLength + halvings'],
    ['/ 1024 * 1024;', '/ 1000 * 1000;'],
    ['kDistanceGpus + std::log2(ratio)', 'kDistanceGpus + ratio'],
  ],
  'core/validate/serving_case.cc': [
    ['return median ? times.p50 : times.mean;', 'return times.mean;'],
    ['return served < workload.rate;', 'return served > workload.rate;'],
    ['if (const int64_t seqs = whole("max_num_seqs"); seqs > 0) setup->max_num_seqs = seqs;', ''],
  ],
  'core/validate/validation.cc': [
    ['(predicted - measured) / measured', '(measured - predicted) / predicted'],
    ['set != "suspect" && set != "community"', 'set != "community"'],
    ['(at - static_cast<double>(below)) * (sorted[above] - sorted[below])', '0 * (sorted[above] - sorted[below])'],
  ],
  'core/config/config_codec.h': [
    ['constexpr size_t kMostUnknownKeys = 64;', 'constexpr size_t kMostUnknownKeys = 640;'],
  ],
  'core/base/base64.cc': [
    ['if (text.size() % 4 == 1) return std::nullopt;', ''],
  ],
  'core/resolve/resolved_keys.cc': [
    ['if (alike) return of(cards.front());', ''],
  ],
  'core/engines/vllm/vllm_cache_layout.cc': [
    ['SaturatingAdd(spec.window - 1, layout.in_flight), length), spec.block) + 1', 'SaturatingAdd(spec.window - 1, layout.in_flight), length), spec.block)'],
  ],
};
