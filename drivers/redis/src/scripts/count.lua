-- Counts the members of sorted sets. KEYS: meta, the sets. ARGV: incarnation.
local answer = { redis.call('HMGET', KEYS[1], unpack(META)) }
for at = 2, #KEYS do answer[at] = redis.call('ZCARD', KEYS[at]) end
return answer
