-- Forgets ids whose window is over: of events that were removed, and of commits.
-- KEYS: meta, fading, ids, committed, commits. ARGV: incarnation, window in milliseconds, how many at most.
-- Answers whether there are more.
if redis.call('HGET', KEYS[1], 'incarnation') ~= ARGV[1] then return 0 end
local moment, window, left = now(), tonumber(ARGV[2]), tonumber(ARGV[3])

local function fade(list, hash)
    while left > 0 do
        local oldest = redis.call('LRANGE', list, 0, 1)
        if #oldest < 2 or moment - tonumber(oldest[1]) <= window then return end
        local ids = cmsgpack.unpack(oldest[2])
        each_step('HDEL', hash, ids)
        redis.call('LTRIM', list, 2, -1)
        left = left - #ids
    end
end

fade(KEYS[2], KEYS[3])
fade(KEYS[4], KEYS[5])
return left <= 0 and 1 or 0
