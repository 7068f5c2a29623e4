-- Lists the names of streams that may exist. KEYS: streams.
return redis.call('SMEMBERS', KEYS[1])
