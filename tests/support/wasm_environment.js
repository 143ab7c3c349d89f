// Prepended to the tests' wasm: the parts that ./test runs side by side know from the environment which they are.
Module['preRun'] = [() => {
  for (const name of ['GTEST_TOTAL_SHARDS', 'GTEST_SHARD_INDEX']) {
    if (process.env[name] !== undefined) ENV[name] = process.env[name];
  }
}];
