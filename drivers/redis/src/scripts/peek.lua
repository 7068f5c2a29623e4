-- Looks at a stream's state, and at fields of one of its hashes.
-- KEYS: meta[, a hash]. ARGV: incarnation, fields.
local meta = redis.call('HMGET', KEYS[1], unpack(META))
if meta[2] ~= ARGV[1] or not KEYS[2] then return { meta } end
return { meta, redis.call('HMGET', KEYS[2], unpack(ARGV, 2)) }
