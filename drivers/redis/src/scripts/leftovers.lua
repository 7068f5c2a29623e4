-- Says which incarnations are to be swept, or some channels of one. KEYS: deleted[, channels].
if KEYS[2] then return redis.call('ZRANGE', KEYS[2], 0, 499) end
return redis.call('SMEMBERS', KEYS[1])
