-- Lists cursors by name. KEYS: meta, names, cursors. ARGV: incarnation, from, how many at most.
local meta = redis.call('HMGET', KEYS[1], unpack(META))
if meta[2] ~= ARGV[1] then return { meta } end
local names = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[2], '+', 'LIMIT', 0, ARGV[3])
return { meta, names, look_up(KEYS[3], names) }
