// A checker for the part of JSON Schema that models/schema uses: type, enum, pattern, minLength, minimum, maximum,
// items, minItems, required, properties, additionalProperties:false. A keyword outside this list is an error, so a
// schema cannot ask for something that is silently not checked.

const kAnnotations = new Set(['$schema', 'title', 'description']);

const typeOf = (value) => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isSafeInteger(value)) return 'integer';
  return typeof value;
};

const kChecks = {
  type: (want, value) => {
    const is = typeOf(value);
    const ok = [want].flat().some((t) => t === is || (t === 'number' && is === 'integer'));
    return ok ? [] : [`is ${is}, not ${[want].flat().join(' or ')}`];
  },
  enum: (want, value) => (want.includes(value) ? [] : [`is ${JSON.stringify(value)}, not one of ${want.join(', ')}`]),
  pattern: (want, value) =>
    typeof value !== 'string' || new RegExp(want, 'u').test(value) ? [] : [`"${value}" does not match ${want}`],
  minLength: (want, value) => (typeof value !== 'string' || value.length >= want ? [] : [`is shorter than ${want}`]),
  minimum: (want, value) => (typeof value !== 'number' || value >= want ? [] : [`${value} is below ${want}`]),
  maximum: (want, value) => (typeof value !== 'number' || value <= want ? [] : [`${value} is above ${want}`]),
  minItems: (want, value) => (!Array.isArray(value) || value.length >= want ? [] : [`has fewer than ${want} items`]),
  items: (want, value, path) =>
    Array.isArray(value) ? value.flatMap((v, i) => check(want, v, `${path}[${i}]`)) : [],
  required: (want, value) =>
    typeOf(value) !== 'object' ? [] : want.filter((k) => !Object.hasOwn(value, k)).map((k) => `lacks "${k}"`),
  properties: (want, value, path) =>
    typeOf(value) !== 'object'
      ? []
      : Object.keys(want).filter((k) => Object.hasOwn(value, k)).flatMap((k) => check(want[k], value[k], `${path}.${k}`)),
  additionalProperties: (want, value, path, schema) => {
    if (want !== false) throw new Error(`${path}: only additionalProperties: false is supported`);
    if (typeOf(value) !== 'object') return [];
    return Object.keys(value).filter((k) => !Object.hasOwn(schema.properties, k)).map((k) => `has unknown "${k}"`);
  },
};

// Every way in which value breaks schema, as "path: what"; empty if it holds.
export function check(schema, value, path = '$') {
  return Object.entries(schema).flatMap(([keyword, want]) => {
    if (kAnnotations.has(keyword)) return [];
    if (!Object.hasOwn(kChecks, keyword)) throw new Error(`${path}: schema keyword ${keyword} is not supported`);
    return kChecks[keyword](want, value, path, schema).map((e) => (e.startsWith('$') ? e : `${path}: ${e}`));
  });
}
