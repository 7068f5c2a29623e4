-- Lists channels that have events, by name.
-- KEYS: meta, channels. ARGV: incarnation, from, to, how many at most, the stem of the channels' keys.
-- Answers the stream's state, and name, count, oldest and newest sequence of each channel.
local meta = redis.call('HMGET', KEYS[1], unpack(META))
if meta[2] ~= ARGV[1] then return { meta } end
local names = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[2], ARGV[3], 'LIMIT', 0, ARGV[4])
local infos = {}
for at = 1, #names do
    local key = ARGV[5] .. names[at]
    infos[at] = { names[at], whole(redis.call('LLEN', key)), redis.call('LINDEX', key, 0),
        redis.call('LINDEX', key, -1) }
end
return { meta, infos }
