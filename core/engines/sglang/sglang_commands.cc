#include "core/engines/sglang/sglang_commands.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/decimal.h"
#include "core/base/text.h"
#include "core/catalog/model_names.h"
#include "core/config/config_keys.h"
#include "core/config/config_value.h"
#include "core/engines/option_readers.h"

namespace plimsoll {
namespace {

using MaybeError = std::optional<Error>;
using V = OptionValue;

// python/sglang/srt/server_args.py from 0.1.25 to July 2026. What stands here without a key is known: it costs
// nothing, or what it does is not modelled.
constexpr char kFree[] = R"(
--additional-ports=@-<0.3.3 --admin-api-key=@0.5.8- --allow-auto-truncate@0.4.1.post7- --api-key*
--asr-max-buffer-seconds=@0.5.13- --asr-max-concurrent-sessions=@0.5.13- --base-gpu-id=@0.3.6-
--bucket-e2e-request-latency=@0.4.6.post5- --bucket-inter-token-latency=@0.4.6.post5-
--bucket-time-to-first-token*@0.4.6.post5- --chat-template=
--checkpoint-engine-wait-weights-before-ready@0.5.4- --collect-tokens-histogram@0.4.6.post5-
--completion-template=@0.4.4.post2- --config=@0.5.3rc2-
--constrained-json-disable-any-whitespace@0.5.3.post2- --constrained-json-whitespace-pattern=@0.3.1.post1-
--crash-dump-folder=@0.4.9- --crash-on-nan=@0.5.3.post1-<0.5.4 --custom-weight-loader=@0.4.7.post1-
--debug-tensor-dump-inject=@0.4.3.post3-<0.5.13 --debug-tensor-dump-input-file=@0.4.3.post3-
--debug-tensor-dump-layers*@0.5.4.post2- --debug-tensor-dump-output-folder=@0.4.3.post3-
--debug-tensor-dump-prefill-only@0.4.7-<0.5.3.post2 --decode-log-interval=@0.3.5-
--decrypted-config-file=@0.5.4.post3- --decrypted-draft-config-file=@0.5.4.post3-
--default-chat-template-kwargs=@0.5.15- --delete-ckpt-after-loading@0.3.5.post1-
--detokenizer-worker-num=@0.5.13- --device=@0.3.3.post1-
--disable-disk-cache@-<0.4.1.post2>--disable-outlines-disk-cache
--disable-fast-image-processor@0.4.5.post1- --disable-hicache-numa-detect@0.5.8-<0.5.10
--disable-log-stats@-<0.1.25 --disable-nan-detection@0.3.4-<0.4.0.post2
--disable-outlines-disk-cache@0.4.0- --disable-tokenizer-batch-decode@0.5.4-
--disaggregation-bootstrap-port=@0.4.4.post2- --disaggregation-decode-dp=@0.4.7.post1-<0.5.10
--disaggregation-decode-enable-fake-auto@0.5.7-<0.5.9 --disaggregation-decode-polling-interval=@0.5.3rc0-
--disaggregation-decode-tp=@0.4.7.post1-<0.5.10 --disaggregation-ib-device=@0.4.5.post2-
--disaggregation-prefill-pp=@0.4.7.post1-<0.5.10 --disaggregation-transfer-backend=@0.4.5.post1-
--dist-init-addr,--nccl-init-addr= --dist-timeout=@0.4.3.post3- --dllm-algorithm=@0.5.6-
--dllm-algorithm-config=@0.5.6.post1- --dllm-block-size=@0.5.6-<0.5.6.post1 --dllm-fdfo@0.5.15-
--download-dir=@0.3.5.post1- --dump-requests-folder=@0.4.1.post6-<0.4.1.post6
--dynamic-batch-tokenizer-batch-size=@0.5.3rc0- --dynamic-batch-tokenizer-batch-timeout=@0.5.3rc0-
--efficient-weight-load@-<0.3.4 --enable-adaptive-dispatch-to-encoder@0.5.10-
--enable-broadcast-mm-inputs-process@0.5.5.post3- --enable-cache-report@0.3.4-
--enable-custom-logit-processor@0.4.1.post7- --enable-deterministic-inference@0.5.3rc2-
--enable-dynamic-batch-tokenizer@0.5.3rc0- --enable-forward-pass-metrics@0.5.12-
--enable-gemma3-multimodal@0.4.6-<0.4.6 --enable-http2@0.5.11- --enable-layerwise-nvtx-marker@0.5.5.post3-
--enable-llama4-multimodal@0.4.5.post1-<0.4.6 --enable-metrics@0.3.5.post1-
--enable-metrics-for-all-schedulers@0.4.9.post3- --enable-mfu-metrics@0.5.10- --enable-mis@0.5.11-
--enable-mm-global-cache@0.5.10- --enable-nan-detection@0.3.6-<0.5.13 --enable-prefix-mm-cache@0.5.7-
--enable-request-time-stats-logging@0.4.6.post4- --enable-ssl-refresh@0.5.10-
--enable-strict-thinking@0.5.11- --enable-tokenizer-batch-encode@0.4.5.post2- --enable-trace@0.5.3rc0-
--encoder-bootstrap-port=@0.5.13- --encoder-register-urls=@0.5.13- --encoder-transfer-backend=@0.5.7-
--encoder-urls=@0.5.7- --engine-info-bootstrap-port=@0.5.10- --export-metrics-to-file@0.5.5.post2-
--export-metrics-to-file-dir=@0.5.5.post2- --extra-metric-labels=@0.5.9- --fastapi-root-path=@0.5.6-
--file-storage-path=@0.4.3.post3- --file-storage-pth=@-<0.4.3.post3>--file-storage-path
--forward-hooks=@0.5.6- --forward-pass-metrics-ipc-name=@0.5.12- --forward-pass-metrics-worker-id=@0.5.12-
--gc-threshold=@0.5.10- --gc-warning-threshold-secs=@0.5.1- --generation-tokens-buckets=@0.5.2rc2-
--gpu-id-step=@0.4.3.post3- --grpc-mode@0.5.3.post2->--smg-grpc-mode --grpc-port=@0.5.15-
--hf-chat-template-name=@0.5.8- --hicache-io-backend=@0.4.9.post1- --hicache-mem-layout=@0.4.10.post1-
--hicache-storage-backend=@0.4.9.post3- --hicache-storage-backend-extra-config=@0.5.1.post3-
--hicache-storage-prefetch-policy=@0.5.0rc0- --hicache-write-policy=@0.4.5.post2- --hooks=@0.5.6-<0.5.6
--host= --impl=@0.4.7-<0.4.9.post3>--model-impl --incremental-streaming-output@0.5.10-
--kv-canary=@0.5.13- --kv-canary-real-data=@0.5.13- --kv-canary-sweep-interval=@0.5.13-
--kv-events-config=@0.4.6.post5- --log-level= --log-level-http= --log-requests
--log-requests-format=@0.5.7- --log-requests-level=@0.4.3.post3- --log-requests-target=@0.5.8-
--log-stats-interval=@-<0.1.25 --metrics-http-port=@0.5.11-<0.5.11 --mm-io-worker-num=@0.5.16-
--mm-max-concurrent-calls=@0.5.4.post3-<0.5.10 --mm-per-request-timeout=@0.5.4.post3-<0.5.10
--mm-processor-worker-num=@0.5.16- --model-checksum=@0.5.8- --model-config-parser=@0.5.12-
--model-impl=@0.4.9.post3- --model-loader-extra-config=@0.4.8.post1- --model-mode=@-<0.1.25
--modelexpress-config=@0.5.10- --msprobe-dump-config=@0.5.11-
--multi-item-scoring-delimiter=@0.5.3.post1-<0.5.11 --nccl-port=@0.4.9- --node-rank= --numa-node=@0.5.2-
--oltp-traces-endpoint=@0.5.3rc0-<0.5.4.post2>--otlp-traces-endpoint --otlp-traces-endpoint=@0.5.4.post2-
--pdlb-url=@0.4.6.post3-<0.5.2 --port= --preferred-sampling-params=@0.4.6.post5-
--prompt-tokens-buckets=@0.5.2rc2- --random-seed= --reasoning-parser=@0.4.3.post3-
--remote-instance-weight-loader-backend=@0.5.6.post2-
--remote-instance-weight-loader-seed-instance-ip=@0.5.3rc0-
--remote-instance-weight-loader-seed-instance-service-port=@0.5.3rc0-
--remote-instance-weight-loader-send-weights-group-ports=@0.5.3rc0-
--remote-instance-weight-loader-start-seed-via-transfer-engine@0.5.7-
--remote-instance-weight-loader-support-transfer-engine@0.5.6.post2-<0.5.7
--return-hidden-states@0.4.2.post4-<0.4.3.post3>--enable-return-hidden-states
--return-token-ids@0.4.1.post2-<0.4.1.post5 --revision=@0.4.0- --rl-on-policy-target=@0.5.4.post1-
--sampling-defaults=@0.5.3.post1- --show-time-cost --sidecar=@0.5.16- --sidecar-args=@0.5.16-
--skip-server-warmup@0.4.9- --skip-tokenizer-init@0.2.12- --smg-grpc-mode@0.5.15-
--smg-http-sidecar-port,--grpc-http-sidecar-port=@0.5.11- --soft-watchdog-timeout=@0.5.7-
--ssl-ca-certs=@0.5.10- --ssl-certfile=@0.5.10- --ssl-keyfile=@0.5.10- --ssl-keyfile-password=@0.5.10-
--stream-output@0.4.2->--incremental-streaming-output --stream-response-default-include-usage@0.5.10-
--tokenizer-backend=@0.5.11- --tokenizer-metrics-allowed-custom-labels=@0.5.3rc2-
--tokenizer-metrics-allowed-customer-labels=@0.5.3rc0-<0.5.3rc2
--tokenizer-metrics-custom-labels-header=@0.5.3rc0- --tokenizer-mode= --tokenizer-path=
--tokenizer-worker-num=@0.5.0rc0- --tool-call-parser=@0.4.2- --tool-server=@0.5.0rc0-
--trace-modules=@0.5.13- --trust-remote-code --use-ray@0.5.10-
--uvicorn-access-log-exclude-prefixes=@0.5.8- --warmups=@0.4.3.post3- --watchdog-timeout=@0.3.5-
--weight-loader-disable-mmap@0.4.8- --weight-loader-drop-cache-after-load@0.5.12-
--weight-loader-prefetch-checkpoints@0.5.11- --weight-loader-prefetch-num-threads=@0.5.11-
--weight-version=@0.5.0rc2- SGLANG_ENABLE_TP_MEMORY_INBALANCE_CHECK= SGLANG_GRPC_PORT=
SGLANG_USE_MODELSCOPE= HF_TOKEN= HF_HOME=)";
constexpr char kNotModelled[] = R"(
--abort-on-priority-when-disabled@0.5.4- --attention-reduce-in-fp32@-<0.2.14
--attn-cp-size,--attention-context-parallel-size=@0.5.9- --batch-notify-size=@0.5.11-
--bf16-gemm-backend=@0.5.15- --cp-strategy=@0.5.13- --cuda-graph-backend-decode=@0.5.13-
--cuda-graph-backend-prefill=@0.5.13- --cuda-graph-bs*@0.4.1.post5->--cuda-graph-bs-decode
--cuda-graph-bs-decode*@0.5.13- --cuda-graph-bs-prefill*@0.5.13- --cuda-graph-config=@0.5.13-
--cuda-graph-max-bs-prefill=@0.5.13- --cuda-graph-tc-compiler=@0.5.13-
--dcp-size,--decode-context-parallel-size=@0.5.13- --debug-cuda-graph@0.5.11-
--decode-attention-backend=@0.4.9.post5-
--decode-cuda-graph-backend=@0.5.13-<0.5.13>--cuda-graph-backend-decode
--decoupled-spec-bind-endpoint=@0.5.13- --decoupled-spec-connect-endpoints=@0.5.13-
--decoupled-spec-rank=@0.5.13- --decoupled-spec-role=@0.5.13- --deepep-config=@0.4.6.post5-
--deepep-dispatcher-output-dtype=@0.5.13- --deepep-mode=@0.4.4.post4- --default-priority-value=@0.5.10-
--disable-attn-tp-gather@0.5.13- --disable-chunked-prefix-cache@0.4.5.post1-
--disable-cuda-graph-padding@0.2.14- --disable-custom-all-reduce@0.2.14-
--disable-decode-cuda-graph@0.5.13- --disable-deepgemm-ue8m0@0.5.2rc1-<0.5.2rc1
--disable-flashinfer@-<0.4.1.post2>--attention-backend=triton --disable-flashinfer-autotune@0.5.7-
--disable-flashinfer-cutlass-moe-fp4-allgather@0.5.1-
--disable-flashinfer-sampling@-<0.4.1.post2>--sampling-backend=pytorch
--disable-hybrid-swa-memory@0.4.9.post3- --disable-jump-forward@0.3.5.post1-<0.4.3.post3
--disable-mla@0.3.1.post1-<0.4.5.post2 --disable-overlap-cg-plan@0.4.7-<0.4.9.post4
--disable-overlap-schedule@0.3.6- --disable-penalizer@0.3.4-<0.3.6
--disable-piecewise-cuda-graph@0.5.10->--cuda-graph-backend-prefill --disable-prefill-cuda-graph@0.5.13-
--disable-priority-preemption@0.5.10- --disable-regex-jump-forward@-<0.3.5.post1>--disable-jump-forward
--disable-shared-experts-fusion@0.4.4.post4- --disaggregation-decode-enable-offload-kvcache@0.5.3rc2-
--disaggregation-decode-enable-radix-cache@0.5.11- --disaggregation-decode-extra-slots=@0.5.13-
--disaggregation-mode=@0.4.4.post2- --ds-channel-config-path=@0.3.4-<0.5.11
--ds-heavy-channel-num=@0.3.4-<0.5.11 --ds-heavy-channel-type=@0.3.4-<0.5.11
--ds-heavy-token-num=@0.3.4-<0.5.11 --ds-sparse-decode-threshold=@0.3.4-<0.5.11
--dsa-decode-backend=@0.5.13- --dsa-paged-mqa-logits-backend=@0.5.15- --dsa-prefill-backend=@0.5.13-
--dsa-prefill-cp-mode=@0.5.13- --dsa-topk-backend=@0.5.13- --dwdp-size=@0.5.16-
--elastic-ep-backend=@0.5.3.post2- --elastic-ep-initial-size=@0.5.16- --elastic-ep-join-mode=@0.5.16-
--elastic-ep-join-rank-offset=@0.5.16- --elastic-ep-rejoin@0.5.11- --elastic-ep-scale-timeout=@0.5.16-
--enable-aiter-allreduce-fusion@0.5.10- --enable-attn-tp-input-scattered@0.5.5.post3-
--enable-beta-spec@0.5.3.post2-<0.5.4.post1
--enable-breakable-cuda-graph@0.5.11->--cuda-graph-backend-prefill --enable-cudagraph-gc@0.4.10-
--enable-deepep-waterfill@0.5.12-<0.5.15 --enable-deepseek-v4-fp4-indexer@0.5.13-
--enable-double-sparsity@0.3.4-<0.5.11 --enable-dp-attention-local-control-broadcast@0.5.11-
--enable-dp-lm-head@0.4.6.post4- --enable-draft-weights-cpu-backup@0.5.5.post3-
--enable-dsa-cache-layer-split@0.5.15- --enable-dsa-prefill-context-parallel@0.5.13-
--enable-dynamic-chunking@0.5.7- --enable-elastic-expert-backup@0.5.10- --enable-eplb@0.4.6.post5-
--enable-expert-distribution-metrics@0.4.6.post5- --enable-flashinfer@-<0.1.25
--enable-flashinfer-allreduce-fusion@0.4.9->--flashinfer-allreduce-fusion-backend=auto
--enable-flashinfer-autotune@0.5.6-<0.5.7
--enable-flashinfer-cutedsl-moe@0.5.2-<0.5.4.post1>--moe-runner-backend=flashinfer_cutedsl
--enable-flashinfer-cutlass-moe@0.4.9.post5-<0.5.4.post1>--moe-runner-backend=flashinfer_cutlass
--enable-flashinfer-mla@0.4.3-<0.4.7>--attention-backend=flashinfer
--enable-flashinfer-moe@0.4.8-<0.4.9.post5
--enable-flashinfer-mxfp4-moe@0.5.0rc0-<0.5.4.post1>--moe-runner-backend=flashinfer_mxfp4
--enable-flashinfer-trtllm-moe@0.4.9.post5-<0.5.4.post1>--moe-runner-backend=flashinfer_trtllm
--enable-flashmla@0.4.4.post2-<0.4.7>--attention-backend=flashmla --enable-flexkv@0.5.15-
--enable-fp32-lm-head@0.5.3rc2- --enable-fused-moe-sum-all-reduce@0.5.10-
--enable-fused-qk-norm-rope@0.5.6.post1- --enable-gdn-replayssm-spec@0.5.16-
--enable-hisparse@0.5.10- --enable-int8-mamba-checkpoint@0.5.13-
--enable-linear-replayssm@0.5.13- --enable-lmcache@0.5.2- --enable-lora-overlap-loading@0.5.8-
--enable-mamba-cache-stochastic-rounding@0.5.14- --enable-memory-saver@0.4.1.post6-
--enable-mixed-chunk@0.2.13- --enable-mla@0.2.11-<0.3.1.post1 --enable-mscclpp@0.4.7-
--enable-mtp@0.5.7-<0.5.7 --enable-multi-layer-eagle@0.5.7- --enable-nccl-nvls@0.4.3-
--enable-nsa-prefill-context-parallel@0.5.5.post3->--enable-dsa-prefill-context-parallel
--enable-overlap-schedule@0.3.4-<0.4.1.post2 --enable-p2p-check --enable-page-major-kv-layout@0.5.14-
--enable-pdmux@0.4.9.post3- --enable-piecewise-cuda-graph@0.5.3.post2-<0.5.13
--enable-precise-embedding-interpolation@0.5.7- --enable-prefill-context-parallel@0.5.10-
--enable-prefill-cp@0.5.13- --enable-prefill-delayer@0.5.8- --enable-priority-scheduling@0.5.3rc2-
--enable-profile-cuda-graph@0.4.7- --enable-quant-communications@0.5.11-
--enable-return-hidden-states@0.4.7- --enable-return-indexer-topk@0.5.11-
--enable-return-routed-experts@0.5.7- --enable-scattered-sconv@0.5.16-
--enable-session-radix-cache@0.5.13- --enable-single-batch-overlap@0.5.3rc2-
--enable-streaming-session@0.5.10- --enable-symm-mem@0.4.10.post1- --enable-tf32-matmul@0.5.13-
--enable-torch-compile --enable-torch-compile-debug-mode@0.5.6- --enable-torch-symm-mem@0.5.3rc2-
--enable-triton-kernel-moe@0.4.9.post1-<0.5.4.post1>--moe-runner-backend=triton_kernel
--enable-two-batch-overlap@0.4.6.post5- --enable-unified-memory@0.5.14- --enable-waterfill@0.5.15-
--enable-weights-cpu-backup@0.5.3rc2- --encoder-only@0.5.7-
--enforce-disable-flashinfer-allreduce-fusion@0.5.10-
--enforce-piecewise-cuda-graph@0.5.10->--cuda-graph-backend-prefill
--enforce-shared-experts-fusion@0.5.11- --ep-dispatch-algorithm=@0.4.6.post5-
--ep-num-redundant-experts=@0.4.6.post5- --eplb-algorithm=@0.4.7-
--eplb-min-rebalancing-utilization-threshold=@0.5.2rc0- --eplb-rebalance-layers-per-chunk=@0.4.7-
--eplb-rebalance-num-iterations=@0.4.6.post5- --expert-distribution-recorder-buffer-size=@0.4.6.post5-
--expert-distribution-recorder-mode=@0.4.6.post5- --experts-shared-outer-loras@0.5.10-
--flashinfer-allreduce-fusion-backend=@0.5.10- --flashinfer-mla-disable-ragged@0.4.3.post3-
--flashinfer-mxfp4-moe-precision=@0.5.1- --flexkv-config-file=@0.5.15- --fp4-gemm-backend=@0.5.8-
--fp8-gemm-backend=@0.5.6.post1- --fuseep-mode=@0.5.16- --grammar-backend=@0.3.4.post2-
--hisparse-config,--hierarchical-sparse-attention-extra-config=@0.5.8-
--hybrid-kvcache-ratio@0.4.9-<0.5.13>--swa-full-tokens-ratio --init-expert-location=@0.4.6.post5-
--int8-mamba-ckpt-size=@0.5.13- --is-embedding@0.2.14-
--keep-mm-feature-on-device@0.5.3rc2- --kt-amx-method=@0.5.4-<0.5.5.post1>--kt-method
--kt-amx-weight-path=@0.5.4-<0.5.5.post1>--kt-weight-path --kt-cpuinfer=@0.5.4-
--kt-max-deferred-experts-per-token=@0.5.5- --kt-method=@0.5.5.post1- --kt-num-gpu-experts=@0.5.4-
--kt-threadpool-count=@0.5.4- --kt-weight-path=@0.5.5.post1- --limit-mm-data-per-request=@0.5.7-
--linear-attn-backend=@0.5.10- --linear-attn-decode-backend=@0.5.10-
--linear-attn-prefill-backend=@0.5.10- --linear-replayssm-cache-len=@0.5.13-
--lmcache-config-file=@0.5.13- --load-balance-method= --load-format=
--load-snapshot-publish-interval=@0.5.13- --load-watch-interval=@0.5.3rc0-<0.5.7
--lora-backend=@0.4.2.post2- --lora-drain-wait-threshold=@0.5.11- --lora-eviction-policy=@0.5.3.post2-
--lora-strict-loading@0.5.11- --lora-target-modules*@0.4.9.post3- --lora-use-virtual-experts@0.5.11-
--mamba-backend=@0.5.9- --mamba-cache-philox-rounds=@0.5.14-
--mamba-max-states-per-path=@0.5.16- --mamba-radix-cache-strategy=@0.5.13-
--mamba-scheduler-strategy=@0.5.7->--mamba-radix-cache-strategy
--mamba-track-interval=@0.5.7- --max-cuda-graph-bs=@0.3.5-<0.3.5>--cuda-graph-max-bs
--max-ep-size=@0.5.16- --max-loaded-loras=@0.4.10.post2- --max-lora-chunk-size=@0.5.3rc2-
--max-micro-batch-size=@0.4.6.post2-<0.5.3rc2>--pp-max-micro-batch-size
--max-prefill-tokens= --max-queued-requests=@0.4.9.post5-
--max-torch-compile-bs=@0.3.1.post1-<0.3.5>--torch-compile-max-bs
--min-free-slots-delay=@0.5.13- --mm-attention-backend=@0.4.6.post3- --mm-enable-dp-encoder@0.5.6-
--mm-feature-transport=@0.5.16- --mm-process-config=@0.5.6-
--modelopt-checkpoint-restore-path=@0.5.3.post2- --modelopt-checkpoint-save-path=@0.5.3.post2-
--modelopt-config=@0.4.1.post4-<0.4.1.post4 --modelopt-export-path=@0.5.4- --modelopt-quant=@0.5.3rc2-
--moe-a2a-backend=@0.4.10.post1- --moe-dense-tp-size=@0.4.5.post2-
--moe-dp-size,--moe-data-parallel-size=@0.5.9-
--mooncake-ib-device=@0.5.3.post2- --n-share-experts-fusion=@0.4.4.post4-<0.4.7
--no-regex-fast-forward@-<0.1.25 --no-regex-jump-forward@-<0.1.25
--nsa-decode=@0.5.3rc2-<0.5.4>--nsa-decode-backend --nsa-decode-backend=@0.5.4->--dsa-decode-backend
--nsa-prefill=@0.5.3rc2-<0.5.4>--nsa-prefill-backend --nsa-prefill-backend=@0.5.4->--dsa-prefill-backend
--nsa-prefill-cp-mode=@0.5.8->--dsa-prefill-cp-mode --num-continuous-decode-steps=@0.3.4-
--num-fused-shared-experts=@0.4.7-<0.4.7 --num-reserved-decode-tokens=@0.4.7- --offload-group-size=@0.5.1-
--offload-mode=@0.5.1- --offload-num-in-group=@0.5.1- --offload-prefetch-step=@0.5.1-
--optimistic-prefill-attempts=@0.5.15-
--optimistic-prefill-retries=@0.5.13-<0.5.15>--optimistic-prefill-attempts
--pdmux-config-path=@0.5.3.post2- --piecewise-cuda-graph-compiler=@0.5.4->--cuda-graph-tc-compiler
--piecewise-cuda-graph-max-tokens=@0.5.3.post2->--cuda-graph-max-bs-prefill
--piecewise-cuda-graph-tokens*@0.5.3.post2->--cuda-graph-bs-prefill --pp-async-batch-depth=@0.5.7-
--pp-max-micro-batch-size=@0.5.3rc2- --pre-warm-nccl@0.5.10- --prefill-attention-backend=@0.4.9.post5-
--prefill-cp-mode=@0.5.10- --prefill-cuda-graph-backend=@0.5.13-<0.5.13>--cuda-graph-backend-prefill
--prefill-delayer-forward-passes-buckets=@0.5.8- --prefill-delayer-max-delay-ms=@0.5.11-
--prefill-delayer-max-delay-passes=@0.5.8- --prefill-delayer-queue-min-ratio=@0.5.11-
--prefill-delayer-token-usage-low-watermark=@0.5.8- --prefill-delayer-wait-seconds-buckets=@0.5.8-
--prefill-max-requests*@0.5.7- --prefill-only-disable-kv-cache@0.5.12-
--prefill-only-one-req@0.4.1.post2-<0.4.3.post3 --prefill-round-robin-balance@0.5.2-
--priority-scheduling-preemption-threshold=@0.5.3rc2- --quantization-param-path=@0.4.1.post6-
--quantize-and-serve@0.5.4- --radix-cache-backend=@0.5.13- --radix-eviction-policy=@0.5.3rc2-
--record-nolora-graph@0.5.11-<0.5.13 --retraction-policy=@0.5.15- --rl-quant-profile=@0.5.6.post2-
--sampling-backend=@0.3.1- --schedule-conservativeness= --schedule-heuristic=@-<0.2.7>--schedule-policy
--schedule-low-priority-values-first@0.5.3rc2- --schedule-policy=
--sleep-on-idle@0.4.7.post1- --sm-group-num=@0.4.9.post3- --spec-trace-dir=@0.5.13-
--speculative-accept-threshold-acc=@0.4.3.post3- --speculative-accept-threshold-single=@0.4.3.post3-
--speculative-adaptive@0.5.11- --speculative-adaptive-config=@0.5.11-
--speculative-attention-backend=@0.5.2-<0.5.2 --speculative-attention-mode=@0.5.2-
--speculative-dflash-block-size=@0.5.11-
--speculative-dflash-draft-window-size=@0.5.11->--speculative-draft-window-size
--speculative-draft-attention-backend=@0.5.7- --speculative-draft-load-format=@0.5.3.post2-
--speculative-draft-model-revision=@0.5.2- --speculative-draft-window-size=@0.5.12-
--speculative-dspark-align-verify-tokens-to-graph-tier@0.5.15- --speculative-dspark-block-size=@0.5.15-
--speculative-dspark-confidence-sts-path=@0.5.15- --speculative-dspark-sps-table-path=@0.5.15-
--speculative-lookahead-branch-length=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-branch-length
--speculative-lookahead-capacity=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-capacity
--speculative-lookahead-match-type=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-match-type
--speculative-lookahead-max-bfs-breadth=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-max-bfs-breadth
--speculative-lookahead-max-match-window-size=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-max-match-window-size
--speculative-lookahead-min-bfs-breadth=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-min-bfs-breadth
--speculative-lookahead-min-match-window-size=@0.5.3rc2-<0.5.3rc2>--speculative-ngram-min-match-window-size
--speculative-moe-a2a-backend=@0.5.6.post1- --speculative-moe-runner-backend=@0.5.4.post3-
--speculative-ngram-branch-length=@0.5.3rc2-<0.5.10 --speculative-ngram-capacity=@0.5.3rc2-
--speculative-ngram-external-corpus-max-tokens=@0.5.11- --speculative-ngram-external-corpus-path=@0.5.11-
--speculative-ngram-external-sam-budget=@0.5.11- --speculative-ngram-match-type=@0.5.3rc2-
--speculative-ngram-max-bfs-breadth=@0.5.3rc2- --speculative-ngram-max-match-window-size=@0.5.3rc2-<0.5.10
--speculative-ngram-max-trie-depth=@0.5.10- --speculative-ngram-min-bfs-breadth=@0.5.3rc2-
--speculative-ngram-min-match-window-size=@0.5.3rc2-<0.5.10 --speculative-skip-dp-mlp-sync@0.5.11-
--speculative-token-map=@0.4.3.post3- --speculative-use-rejection-sampling@0.5.13- --stream-interval=
--strip-thinking-cache@0.5.11-
--tbo-token-distribution-threshold=@0.5.0rc0- --torch-compile-max-bs=@0.3.5- --torchao-config=@0.3.1-
--triton-attention-num-kv-splits=@0.4.0.post2- --triton-attention-reduce-in-fp32@0.2.14-
--triton-attention-split-tile-size=@0.5.3rc0-
SGLANG_DEEPEP_NUM_MAX_DISPATCH_TOKENS_PER_RANK= SGLANG_DISAGG_STAGING_BUFFER_SIZE_MB=
SGLANG_ENABLE_POST_CAPTURE_KV_SIZING= SGLANG_SYMM_MEM_PREALLOC_GB_SIZE=)";
// GB of a rank's cached states and keys in RAM; the key counts GiB over all ranks of a replica.
MaybeError ReadHostCache(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  size_t length = 0;
  const double gb = ReadDecimal(use.value, &length);
  if (length == 0 || length != use.value.size() || !(gb >= 0 && gb < 1e5)) return NotTaken(use, "GB");
  reading->choices.push_back("host_gb=" + std::string(use.value));
  return std::nullopt;
}

MaybeError ReadSteps(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  reading->draft.steps = ReadSize(use.value, SizeRule::kPlain);
  return reading->draft.steps ? std::nullopt : MaybeError(NotTaken(use, "a whole number"));
}
// One token of each draft is the target's own.
MaybeError ReadDraftCount(const EngineOption&, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> count = ReadSize(use.value, SizeRule::kPlain);
  if (!count) return NotTaken(use, "a whole number");
  if (!reading->draft.steps) reading->draft.tokens = std::max<int64_t>(1, *count - 1);
  return std::nullopt;
}

MaybeError ReadTowerOff(const EngineOption&, const OptionUse&, OptionReading* reading) {
  reading->config.multimodal = false;
  return std::nullopt;
}

MaybeError ReadFewCards(const EngineOption& option, const OptionUse& use, OptionReading* reading) {
  const std::optional<int64_t> size = ReadSize(use.value, SizeRule::kBinary);
  if (!size) return NotTaken(use, "a whole number");
  if (*size < 1) return std::nullopt;  // -1: off
  const ConfigKey* key = FindConfigKey(option.key);
  return key != nullptr ? SetConfigValue(*key, Json(*size), &reading->config) : std::nullopt;
}

std::string WriteDtype(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.dtype.empty()) return subject.config.dtype;
  const std::string& id = subject.config.format.AsString();
  return id == "fp16" ? "float16" : id == "bf16" ? "bfloat16" : id == "fp32" ? "float32" : "";
}
// FP8 is made at load time (docs/advanced_features/quantization).
std::string WriteQuantization(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<NamedModel> named = FindModelNamed(subject.catalog, subject.model);
  const bool own = !named || !named->format.empty() || named->model->native_format == "fp8";
  const std::string& id = subject.resolved.format->id;
  return own ? "" : id == "fp8" ? "fp8" : id == "bnb-nf4" ? "bitsandbytes" : "";
}
std::string WriteKvType(const EngineOption&, const LaunchSubject& subject) {
  const std::optional<KvTypes>& types = subject.config.kv_cache_dtype;
  if (!types || types->k != types->v) return {};
  switch (types->k) {
    case KvType::kBf16:
      return "bfloat16";
    case KvType::kFp8:
    case KvType::kFp8E4m3:
      return "fp8_e4m3";
    case KvType::kFp8E5m2:
      return "fp8_e5m2";
    default:
      return {};
  }
}
std::string WriteRadixOff(const EngineOption& option, const LaunchSubject& subject) {
  return WriteKey(option, subject) == "false" ? "true" : "";
}
std::string WriteTowerOff(const EngineOption& option, const LaunchSubject& subject) {
  return WriteKey(option, subject) == "false" ? "true" : "";
}
std::string WriteExpertRanks(const EngineOption&, const LaunchSubject& subject) {
  const bool spread = subject.config.expert_parallel.value_or(false);
  return spread && subject.resolved.tp > 1 ? std::to_string(subject.resolved.tp) : "";
}
std::string WriteAlgorithm(const EngineOption&, const LaunchSubject& subject) {
  if (!subject.config.speculative) return {};
  switch (subject.config.speculative->method) {
    case SpeculativeMethod::kDraft:
      return "STANDALONE";
    case SpeculativeMethod::kMtp:
      return "NEXTN";
    case SpeculativeMethod::kEagle:
      return "EAGLE";
    case SpeculativeMethod::kEagle3:
      return "EAGLE3";
    case SpeculativeMethod::kDflash:
      return "DFLASH";
    case SpeculativeMethod::kNgram:
      return "NGRAM";
  }
  return {};
}
std::string WriteDraft(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? subject.draft : "";
}
std::string WriteSteps(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? std::to_string(subject.config.speculative->num_tokens) : "";
}
std::string WriteTopK(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? "1" : "";
}
std::string WriteDraftCount(const EngineOption&, const LaunchSubject& subject) {
  return subject.config.speculative ? std::to_string(subject.config.speculative->num_tokens + 1) : "";
}
std::string WriteHierarchical(const EngineOption&, const LaunchSubject& subject) {
  const Config& config = subject.config;
  return config.kv_offloading_gib.value_or(0) > 0 || config.hicache_ratio.value_or(0) > 0 ? "true" : "";
}
std::string WriteHostCache(const EngineOption&, const LaunchSubject& subject) {
  if (subject.config.kv_offloading_gib.value_or(0) <= 0) return {};
  const double ranks = static_cast<double>(std::max<int64_t>(1, subject.resolved.tp * subject.resolved.pp));
  const double gb = *subject.config.kv_offloading_gib * 1.073741824 / ranks;
  constexpr double kRounding = 1e-6;  // server_args.py takes whole numbers alone
  return FormatDouble(std::max(1.0, std::floor(gb + kRounding)));
}
std::string WriteModel(const EngineOption&, const LaunchSubject& subject) { return subject.model; }

std::string WriteOverrides(const EngineOption& option, const LaunchSubject& subject) {
  const std::string object = WriteRopeObject(option, subject);
  return object.empty() ? object : "{\"rope_scaling\":" + object + "}";
}

constexpr EngineOption kOptions[] = {
    {.names = "--model-path --model", .key = "model", .read = ReadModel, .write = WriteModel},
    {.names = "--served-model-name", .effect = OptionEffect::kFree, .read = ReadServedName},
    {.names = "--dtype", .key = "dtype", .read = ReadDtype, .write = WriteDtype},
    {.names = "--quantization", .key = "format", .read = ReadQuantization, .write = WriteQuantization},
    {.names = "--tp-size --tensor-parallel-size --tp", .key = "tp", .write = WriteTp},
    {.names = "--pp-size --pipeline-parallel-size --pp", .key = "pp", .write = WritePp},
    {.names = "--dp-size --data-parallel-size --dp", .key = "dp", .write = WriteDp},
    {.names = "--ep-size --expert-parallel-size --ep",
     .key = "expert_parallel",
     .read = ReadExpertRanks,
     .write = WriteExpertRanks,
     .since = "0.4.0"},
    {.names = "--enable-ep-moe",
     .value = V::kNone,
     .key = "expert_parallel",
     .until = "0.5.4",
     .instead = "--ep-size"},
    {.names = "--enable-deepep-moe",
     .value = V::kNone,
     .key = "expert_parallel",
     .until = "0.5.4",
     .instead = "--moe-a2a-backend deepep"},
    {.names = "--nnodes", .key = "nodes"},
    {.names = "--enable-dp-attention",
     .value = V::kNone,
     .key = "enable_dp_attention",
     .read = ReadChoice,
     .write = WriteTrue},
    {.names = "--context-length", .key = "max_model_len", .read = ReadBinarySize, .write = WriteKey},
    {.names = "--json-model-override-args",
     .key = "rope_scaling",
     .read = ReadModelOverrides,
     .write = WriteOverrides,
     .since = "0.3.1"},
    {.names = "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
     .variables = "SGLANG_ALLOW_OVERWRITE_LONGER_CONTEXT_LEN",
     .key = "allow_longer_context",
     .read = ReadSwitch,
     .write = WriteOne},
    {.names = "--mem-fraction-static", .key = "mem_fraction_static", .write = WriteKey},
    {.names = "--chunked-prefill-size",
     .key = "chunked_prefill_size",
     .read = ReadFewCards,
     .write = WriteKey},
    {.names = "--scheduler-recv-interval",
     .key = "workload",
     .read = ReadWorkloadMember,
     .write = WriteWorkloadMember,
     .since = "0.5.0rc0"},
    {.names = "--max-running-requests", .key = "max_running_requests", .write = WriteKey},
    {.names = "--max-total-tokens", .key = "max_total_tokens", .write = WriteKey},
    {.names = "--max-mamba-cache-size", .key = "max_mamba_cache_size", .write = WriteKey, .since = "0.5.2"},
    {.names = "--mamba-full-memory-ratio",
     .key = "mamba_full_memory_ratio",
     .write = WriteKey,
     .since = "0.5.3.post2"},
    {.names = "--mamba-ssm-dtype", .key = "mamba_ssm_cache_dtype", .write = WriteKey, .since = "0.5.2"},
    {.names = "--swa-full-tokens-ratio",
     .key = "swa_full_tokens_ratio",
     .write = WriteKey,
     .since = "0.4.9.post3"},
    {.names = "--attention-backend", .key = "attention_backend", .write = WriteKey, .since = "0.3.1"},
    {.names = "--moe-runner-backend", .key = "moe_backend", .write = WriteKey, .since = "0.5.0rc2"},
    {.names = "--kv-cache-dtype", .key = "kv_cache_dtype", .read = ReadKvType, .write = WriteKvType},
    {.names = "--page-size", .key = "block_size", .write = WriteKey, .since = "0.4.4"},
    {.names = "--disable-radix-cache",
     .value = V::kNone,
     .key = "enable_prefix_caching",
     .read = ReadInverted,
     .write = WriteRadixOff},
    {.names = "--disable-cuda-graph", .value = V::kNone, .key = "enforce_eager", .write = WriteTrue},
    {.names = "--cuda-graph-max-bs-decode",
     .key = "max_cudagraph_capture_size",
     .write = WriteKey,
     .since = "0.5.13"},
    {.names = "--cuda-graph-max-bs",
     .key = "max_cudagraph_capture_size",
     .write = WriteKey,
     .until = "0.5.12",
     .instead = "--cuda-graph-max-bs-decode"},
    {.names = "--cpu-offload-gb", .key = "cpu_offload_gb", .write = WriteKey},
    {.names = "--enable-hierarchical-cache",
     .value = V::kNone,
     .key = "hicache_ratio",
     .read = ReadChoice,
     .write = WriteHierarchical,
     .since = "0.4.2"},
    {.names = "--hicache-ratio", .key = "hicache_ratio", .write = WriteKey, .since = "0.4.4.post2"},
    {.names = "--hicache-size", .key = "kv_offloading_gib", .read = ReadHostCache, .write = WriteHostCache},
    {.names = "--enable-lora", .value = V::kNone, .key = "lora", .read = ReadLora, .write = WriteLora},
    {.names = "--lora-paths", .value = V::kMany, .key = "lora", .read = ReadLora},
    {.names = "--max-loras-per-batch", .key = "lora", .read = ReadMaxLoras, .write = WriteMaxLoras},
    {.names = "--max-lora-rank", .key = "lora", .read = ReadLoraRank, .write = WriteLoraRank},
    {.names = "--enable-multimodal", .value = V::kNone, .key = "multimodal"},
    {.names = "--language-only",
     .value = V::kNone,
     .key = "multimodal",
     .read = ReadTowerOff,
     .write = WriteTowerOff,
     .since = "0.5.7"},
    {.names = "--speculative-algorithm --speculative-algo",
     .key = "speculative",
     .read = ReadDraftMethod,
     .write = WriteAlgorithm},
    {.names = "--speculative-draft-model-path --speculative-draft-model",
     .key = "speculative",
     .read = ReadDraftModel,
     .write = WriteDraft},
    {.names = "--speculative-draft-model-quantization", .key = "speculative", .read = ReadDraftFormat},
    {.names = "--speculative-num-steps", .key = "speculative", .read = ReadSteps, .write = WriteSteps},
    {.names = "--speculative-eagle-topk", .effect = OptionEffect::kNotModelled, .write = WriteTopK},
    {.names = "--speculative-num-draft-tokens",
     .key = "speculative",
     .read = ReadDraftCount,
     .write = WriteDraftCount},
    {.variables = "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES",
     .key = "gpus",
     .read = ReadVisible},
};
constexpr OptionTable kTable = {kOptions, kFree, kNotModelled};

constexpr EngineProgram kPrograms[] = {
    {.words = "-m sglang.launch_server", .table = &kTable},
    {.words = "sglang serve", .table = &kTable, .takes_model = true},
    {.words = "-m sglang.bench_one_batch", .table = &kTable},
    {.words = "-m sglang.bench_offline_throughput", .table = &kTable},
};
constexpr EngineImage kImages[] = {
    {.repository = "lmsysorg/sglang"},
    {.repository = "nvidia/sglang", .versioned = false},
};
constexpr EngineClass kClasses[] = {
    {.name = "Engine",
     .module = "sgl",
     .table = &kTable,
     .positional = "--model-path",
     .import = "import sglang as sgl",
     .call = "sgl.Engine"},
    {.name = "Engine", .module = "sglang", .table = &kTable, .positional = "--model-path"},
};

std::vector<std::vector<std::string>> NodeWords(const LaunchSubject& subject, int64_t rank,
                                                std::string_view head_address) {
  return {{"--nnodes", std::to_string(subject.resolved.nodes)},
          {"--node-rank", std::to_string(rank)},
          {"--dist-init-addr", std::string(head_address) + ":20000"}};
}

// server_args.py: nothing is kept in RAM without --enable-hierarchical-cache; a size goes before the ratio, of 2.0 by default.
void TakeHostCache(double ranks, OptionReading* reading) {
  constexpr std::string_view kSwitch = "--enable-hierarchical-cache";
  Config* config = &reading->config;
  if (!HasChoice(*reading, kSwitch)) {
    config->hicache_ratio.reset();
    reading->idle.push_back({"--hicache-ratio", kSwitch});
    reading->idle.push_back({"--hicache-size", kSwitch});
    return;
  }
  for (const std::string& choice : reading->choices) {
    if (!choice.starts_with("host_gb=")) continue;
    size_t length = 0;
    const double gb = ReadDecimal(std::string_view(choice).substr(8), &length);
    if (gb > 0) config->kv_offloading_gib = gb / 1.073741824 * ranks;
  }
  constexpr double kUsualRatio = 2;
  if (!config->kv_offloading_gib && !config->hicache_ratio) config->hicache_ratio = kUsualRatio;
}

void Finish(OptionReading* reading) {
  Config& config = reading->config;
  const int64_t nodes = config.nodes.value_or(1);
  const int64_t tp = config.tp.value_or(1), pp = config.pp.value_or(1);
  // With attention spread by data the replicas share the ranks of tp: they need no cards of their own.
  if (HasChoice(*reading, "--enable-dp-attention")) {
    config.enable_dp_attention = true;
    if (!config.gpus && tp * pp <= kMaxCards) {
      config.gpus = CeilDiv(tp * pp, std::max<int64_t>(1, nodes));
    }
  }
  TakeHostCache(static_cast<double>(std::max<int64_t>(1, tp * pp)), reading);
  if (reading->lora && !reading->max_loras && config.lora) config.lora->max_loras = 8;
  CountRanks(reading);
}

}  // namespace

const EngineLanguage& SglangLanguage() {
  static const EngineLanguage language = {
      .form = "sglang",
      .syntax = {.equals = true, .underscores = true, .prefixes = true},
      .programs = kPrograms,
      .images = kImages,
      .classes = kClasses,
      .finish = Finish,
      .node_words = NodeWords,
      .image = "lmsysorg/sglang:v",
      .rocm_image = "lmsysorg/sglang:v",  // docs/platforms/amd_gpu.md
      .rocm_tail = "-rocm700-mi30x",
      .metrics_path = "/metrics",
      .metrics_option = "--enable-metrics",
      .port = 30000,
  };
  return language;
}

}  // namespace plimsoll
