// The catalog's data: every file against its schema, then what a schema cannot say (ids, sums, divisibility, known
// exact counts). Run by node's own test runner.

import assert from 'node:assert/strict';
import {readFileSync, readdirSync} from 'node:fs';
import {test} from 'node:test';

import {Ajv2020} from 'ajv/dist/2020.js';

const kModels = new URL('../../models/', import.meta.url);
const text = (name) => readFileSync(new URL(name, kModels), 'utf8');
const json = (name) => JSON.parse(text(name));

const files = readdirSync(kModels).filter((f) => f.endsWith('.json') && f !== 'gpus.json' && f !== 'prices.json').sort();
const models = files.map((file) => ({file, ...json(file)}));
const gpus = json('gpus.json');
const byId = new Map(models.map((m) => [m.id, m]));

const textConfig = ({config: c}) => c.text_config ?? c.llm_config ?? c.language_config ?? c.thinker_config?.text_config ?? c;
// Whisper and Nomic have their own words.
const width = (c) => c.hidden_size ?? c.d_model ?? c.n_embd;
// Nemotron 3 Ultra publishes its layers as a list only.
const layerCount = (c) => c.num_hidden_layers ?? c.decoder_layers ?? c.n_layer ?? c.layers_block_type?.length;
const none = (errors) => assert.deepEqual(errors, []);

// Strict: a keyword that would silently not be checked is an error.
const ajv = new Ajv2020({allErrors: true, strict: true, allowUnionTypes: true});
const modelSchema = ajv.compile(json('schema/model.schema.json'));
const gpusSchema = ajv.compile(json('schema/gpus.schema.json'));

// Every way in which the value breaks the schema; empty if it holds.
function faults(schema, value) {
  return schema(value) ? [] : schema.errors.map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
}

test('every model file holds to the schema', () => {
  none(models.flatMap(({file, ...m}) => faults(modelSchema, m).map((e) => `${file} ${e}`)));
});

test('gpus.json holds to the schema', () => {
  none(faults(gpusSchema, gpus));
});

test('the schemas refuse what is missing, unknown or of another kind', () => {
  const {file, ...model} = models[0];
  const bad = [{...model, id: undefined}, {...model, id: 'Not An Id'}, {...model, surprise: 1}, {...model, config: []}];
  for (const value of bad) assert.notDeepEqual(faults(modelSchema, JSON.parse(JSON.stringify(value))), [], JSON.stringify(value).slice(0, 200));
  const [gpu] = gpus;
  for (const value of [{...gpu, id: 1}, {...gpu, surprise: 1}, {...gpu, tdp_w: '350'}, {...gpu, memory_gb: -1}]) {
    assert.notDeepEqual(faults(gpusSchema, [value]), [], JSON.stringify(value));
  }
});

test('ids are unique and equal to the file name', () => {
  none(models.filter((m) => `${m.id}.json` !== m.file).map((m) => m.file));
  assert.equal(byId.size, models.length);
  assert.equal(new Set(models.map((m) => m.name)).size, models.length, 'names are unique too');
  assert.equal(new Set(gpus.map((g) => g.id)).size, gpus.length);
  assert.equal(new Set(gpus.map((g) => g.name)).size, gpus.length, 'names are unique too');
});

test('every model carries the text model in one place', () => {
  for (const m of models) {
    const c = textConfig(m);
    if (m.config.text_config) assert.ok(!Object.hasOwn(m.config, 'hidden_size'), `${m.id}: nested and flat at once`);
    assert.ok(width(c) > 0, `${m.id} lacks hidden_size`);
    assert.ok(c.vocab_size > 0, `${m.id} lacks vocab_size`);
    assert.ok(layerCount(c) > 0, `${m.id} lacks its layers`);
  }
});

test('head counts and lists agree with the layer count', () => {
  for (const m of models) {
    const c = textConfig(m);
    const layers = layerCount(c);
    if (c.num_attention_heads && c.num_key_value_heads) {
      assert.equal(c.num_attention_heads % c.num_key_value_heads, 0, `${m.id}: KV heads do not divide the heads`);
    }
    if (c.head_dim === undefined && c.num_attention_heads && !c.kv_lora_rank) {
      assert.equal(c.hidden_size % c.num_attention_heads, 0, `${m.id}: no head_dim and no even split`);
    }
    for (const key of ['layer_types', 'block_configs', 'attn_type_list', 'hybrid_layer_pattern']) {
      if (c[key]) assert.equal(c[key].length, layers, `${m.id}: ${key}`);
    }
    if (c.hybrid_override_pattern) {
      assert.match(c.hybrid_override_pattern, /^[ME*-]+$/, m.id);
      assert.equal(c.hybrid_override_pattern.length, layers, `${m.id}: hybrid_override_pattern`);
    }
    if (Array.isArray(c.moe_layer_freq)) assert.equal(c.moe_layer_freq.length, layers, `${m.id}: moe_layer_freq`);
    if (c.linear_attn_config) {
      const {full_attn_layers: full, kda_layers: linear} = c.linear_attn_config;
      assert.deepEqual([...full, ...linear].sort((a, b) => a - b), Array.from({length: layers}, (_, i) => i + 1), m.id);
    }
    const experts = c.num_experts ?? c.n_routed_experts ?? c.num_local_experts;
    const active = c.num_experts_per_tok ?? c.num_experts_per_token ?? c.top_k_experts;
    if (experts && active) assert.ok(active <= experts, `${m.id}: more active experts than there are`);
  }
});

test('published counts are plausible', () => {
  for (const m of models) {
    const {total, active, basis, source} = m.published_params;
    if (basis !== 'unconfirmed') assert.ok(total !== null && source, `${m.id}: ${basis} without a figure or a source`);
    if (total !== null && active !== null) assert.ok(active <= total, `${m.id}: more active than total`);
    if (total !== null) {
      const embedding = textConfig(m).vocab_size * width(textConfig(m));
      assert.ok(total > embedding, `${m.id}: fewer parameters than the embedding table`);
    }
  }
});

test('checkpoints are of this model, in a format of their own', () => {
  for (const m of models) {
    const seen = new Set();
    for (const c of m.checkpoints) {
      assert.ok(!seen.has(c.repo + c.format), `${m.id}: ${c.repo} twice`);
      seen.add(c.repo + c.format);
      if (['gptq-int4', 'gptq-int8', 'awq-int4', 'w4a16'].includes(c.format)) {
        assert.ok(c.group_size, `${m.id}: ${c.repo} without group_size`);
      }
      // A GGUF with hand-chosen types has its size instead of a list, a mixture the types of its modules.
      assert.ok(c.unquantized !== undefined || c.bits_per_weight > 0 || c.quantization_config !== undefined,
                `${m.id}: ${c.repo} says nothing of its weights`);
      const unquantized = c.unquantized ?? [];
      assert.equal(new Set(unquantized).size, unquantized.length, `${m.id}: ${c.repo} repeats a pattern`);
      for (const p of unquantized) assert.ok(!/[*\\^$]/.test(p), `${m.id}: "${p}" is not a plain part of a name`);
    }
  }
});

test('what the native format says agrees with the published quantisation', () => {
  for (const m of models) {
    const q = m.config.quantization_config ?? m.config.text_config?.quantization_config;
    if (['fp32', 'bf16', 'fp16'].includes(m.native_format)) assert.ok(!q, `${m.id}: quantised, but stored as ${m.native_format}`);
    else assert.ok(q, `${m.id}: ${m.native_format} without a quantization_config`);
  }
});

test('exact totals that a closed formula reproduces', () => {
  // A plain decoder: embeddings, head, per layer q k v o, three MLP matrices, two norms, and the last norm.
  const dense = (c, biases = 0) => {
    const d = c.head_dim ?? c.hidden_size / c.num_attention_heads;
    const q = c.num_attention_heads * d;
    const kv = c.num_key_value_heads * d;
    const layer = c.hidden_size * (2 * q + 2 * kv) + biases * (q + 2 * kv) + 3 * c.hidden_size * c.intermediate_size + 2 * c.hidden_size;
    return (c.tie_word_embeddings ? 1 : 2) * c.vocab_size * c.hidden_size + c.num_hidden_layers * layer + c.hidden_size;
  };
  let counted = 0;
  for (const m of models) {
    if (m.published_params.basis !== 'exact' || m.stores.length) continue;
    const biases = {LlamaForCausalLM: 0, MistralForCausalLM: 0, Qwen2ForCausalLM: 1}[m.config.architectures[0]];
    if (biases === undefined) continue;
    assert.equal(dense(m.config, biases), m.published_params.total, m.id);
    ++counted;
  }
  assert.ok(counted >= 15, `only ${counted} models were counted`);
});

test('GPU figures are plausible', () => {
  for (const g of gpus) {
    const {memory_mib_reported: reported, memory_mib_cuda: cuda, memory_gb: gb} = g;
    // 1 GB as sold is 1000 MB or 1024 MiB by vendor; ECC and firmware take up to a tenth.
    for (const mib of [reported, cuda]) {
      if (mib !== null) assert.ok(mib <= gb * 1024 && mib >= gb * 0.86 * 1024, `${g.id}: ${mib} MiB of ${gb} GB`);
    }
    if (reported !== null && cuda !== null) assert.ok(cuda <= reported, `${g.id}: CUDA sees more than there is`);
    assert.ok(g.memory_options_gb.includes(gb), `${g.id}: ${gb} GB is not an option`);
    if (g.vendor === 'NVIDIA') {
      assert.match(g.compute_capability, /^[0-9]/, g.id);
      assert.equal(g.fp8_native, Number(g.compute_capability) >= 8.9, `${g.id}: FP8 and compute capability`);
    }
    if (g.tflops.fp8 !== null) assert.ok(g.fp8_native, `${g.id}: an FP8 rate without FP8`);
  }
});

test('files are written in one form', () => {
  for (const file of [...files, 'gpus.json']) {
    const content = text(file);
    assert.ok(content.endsWith('\n') && !content.endsWith('\n\n'), file);
    assert.ok(!/\t|\r| \n/.test(content), file);
  }
});
