-- Deletes a stream: from here on it does not exist. What it leaves is noted, to be swept.
-- KEYS: meta, deleted. ARGV: incarnation, command and channel of the wake-up.
if redis.call('HGET', KEYS[1], 'incarnation') ~= ARGV[1] then return 'gone' end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[1])
redis.call(ARGV[2], ARGV[3], '0')
return 'deleted'
