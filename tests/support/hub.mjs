// A hub of our own for tests: a few repositories under Hugging Face's addresses, with ranges, tokens and what a hub
// says when something is not there. `asked` lists what was asked for.
import {createServer} from 'node:http';

export const kSha = '0123456789abcdef0123456789abcdef01234567';

const kLlama = {
  architectures: ['LlamaForCausalLM'], model_type: 'llama', torch_dtype: 'bfloat16', num_hidden_layers: 32,
  hidden_size: 4096, intermediate_size: 14336, num_attention_heads: 32, num_key_value_heads: 8, vocab_size: 128256,
  max_position_embeddings: 8192, tie_word_embeddings: false, bos_token_id: 128000, transformers_version: '4.50.0',
};

// A GGUF header of the same shape, Q4_K_M: as gguf-py writes it, without tensors, padded as a file would be.
export function ggufHeader() {
  const parts = [];
  const number = (value, bytes) => {
    const data = Buffer.alloc(bytes);
    if (bytes === 8) data.writeBigUInt64LE(BigInt(value)); else data.writeUInt32LE(value);
    parts.push(data);
  };
  const text = value => { number(Buffer.byteLength(value), 8); parts.push(Buffer.from(value)); };
  parts.push(Buffer.from('GGUF'));
  number(3, 4); number(0, 8); number(9, 8);
  text('general.architecture'); number(8, 4); text('llama');
  text('general.file_type'); number(4, 4); number(15, 4);
  const shape = {block_count: 32, embedding_length: 4096, feed_forward_length: 14336, 'attention.head_count': 32,
    'attention.head_count_kv': 8, vocab_size: 128256, context_length: 8192};
  for (const [key, value] of Object.entries(shape)) { text(`llama.${key}`); number(4, 4); number(value, 4); }
  return Buffer.concat(parts);
}

// The beginning of a safetensors file of two tensors, and its index as the library writes one for shards.
function safetensorsHeader() {
  const header = Buffer.from(JSON.stringify({
    'model.embed_tokens.weight': {dtype: 'BF16', shape: [384, 2048], data_offsets: [0, 1572864]},
    'lm_head.weight': {dtype: 'BF16', shape: [384, 2048], data_offsets: [1572864, 3145728]},
  }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
const kIndex = {metadata: {total_size: 16060522496}, weight_map: {
  'model.embed_tokens.weight': 'model-00001-of-00002.safetensors', 'lm_head.weight': 'model-00002-of-00002.safetensors'}};

const kRepositories = {
  'Org/Plain': {'config.json': JSON.stringify(kLlama), 'README.md': 'hello'},
  'Org/Gated': {gated: true, 'config.json': JSON.stringify(kLlama)},
  'Org/Files-GGUF': {'Files-Q4_K_M.gguf': Buffer.concat([ggufHeader(), Buffer.alloc(3 << 20)]),
    'Files-Q8_0.gguf': ggufHeader()},
  'Org/Indexed': {'config.json': JSON.stringify(kLlama), 'model.safetensors.index.json': JSON.stringify(kIndex),
    'model-00001-of-00002.safetensors': '', 'model-00002-of-00002.safetensors': ''},
  'Org/Single': {'config.json': JSON.stringify(kLlama),
    'model.safetensors': Buffer.concat([safetensorsHeader(), Buffer.alloc(3 << 20)])},
  'Org/Closed': {closed: true, 'config.json': JSON.stringify(kLlama)},
  'Org/Strange': {'config.json': '{"architectures":["NobodyKnowsThis"],"model_type":"nobody","hidden_size":64}'},
  'Org/Adapter': {'config.json': '{"peft_type":"LORA"}'},
};

export async function openHub({token = 'secret'} = {}) {
  const asked = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://hub');
    asked.push({path: url.pathname, range: request.headers.range, token: request.headers.authorization});
    let repository;
    const end = (status, body = '', headers = {}) => {
      const open = repository?.closed ? {} : {'access-control-allow-origin': '*', 'access-control-allow-headers': '*, authorization'};
      response.writeHead(status, {...open, ...headers});
      response.end(body);
    };
    if (request.method === 'OPTIONS') return end(204);
    const api = url.pathname.match(/^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/);
    const file = url.pathname.match(/^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/);
    const name = api?.[1] ?? file?.[1];
    repository = kRepositories[name];
    if (!repository) return end(name ? 401 : 404);
    if (repository.gated && request.headers.authorization !== `Bearer ${token}`) return end(401);
    if (api) {
      const siblings = Object.entries(repository).filter(([key]) => !['gated', 'closed'].includes(key))
        .map(([rfilename, body]) => ({rfilename, size: Buffer.byteLength(body)}));
      return end(200, JSON.stringify({id: name, sha: kSha, siblings}), {'content-type': 'application/json'});
    }
    if (file[2] !== kSha) return end(404);
    const body = repository[file[3]];
    if (body === undefined) return end(404);
    const range = request.headers.range?.match(/^bytes=(\d+)-(\d+)$/);
    if (!range) return end(200, body);
    const data = Buffer.from(body).subarray(Number(range[1]), Number(range[2]) + 1);
    return end(206, data, {'content-range': `bytes ${range[1]}-${range[2]}/${Buffer.byteLength(body)}`});
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {origin: `http://127.0.0.1:${server.address().port}`, asked, close: () => new Promise(done => server.close(done))};
}
