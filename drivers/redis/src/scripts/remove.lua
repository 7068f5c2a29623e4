-- Removes the events that a look has found, if they are still what there is to remove.
-- KEYS: meta, log, channels, removed, fading, then the channels' own.
-- ARGV: incarnation, how many removals there were when it was looked, command and channel of the wake-up,
-- an epoch in case it is needed, the plan {events, bytes, last, names, last of each channel, how many of each, ids,
-- entries of a deletion}
local meta = redis.call('HMGET', KEYS[1], unpack(META))
if meta[2] ~= ARGV[1] then return 'gone' end
if meta[12] ~= ARGV[2] then return 'again' end
local events, bytes, last, names, lasts, counts, ids, deleted = unpack(cmsgpack.unpack(ARGV[6]), 1, 8)
-- A stream remembers this many channels without the events that they had.
local REMEMBERED = 100000

local left = tonumber(meta[6]) - events
if #deleted > 0 then
    each_step('XDEL', KEYS[2], deleted)
else
    redis.call('XTRIM', KEYS[2], 'MINID', whole(tonumber(last) + 1) .. '-0')
end
local scores, empty = {}, {}
for at = 1, #names do
    local key = KEYS[5 + at]
    -- They are the oldest of their channel, whichever way they go.
    redis.call('LPOP', key, counts[at])
    if redis.call('EXISTS', key) == 0 then empty[#empty + 1] = names[at] end
    scores[#scores + 1] = lasts[at]
    scores[#scores + 1] = names[at]
end
for from = 1, #scores, STEP do
    redis.call('ZADD', KEYS[4], 'GT', unpack(scores, from, math.min(from + STEP - 1, #scores)))
end
each_step('ZREM', KEYS[3], empty)
redis.call('RPUSH', KEYS[5], whole(now()), cmsgpack.pack(ids))

local set = { 'events', whole(left), 'bytes', whole(tonumber(meta[7]) - bytes),
    'removed_to', whole(math.max(tonumber(meta[9]), tonumber(last))), 'removals', whole(tonumber(meta[12]) + 1) }
local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
set[#set + 1] = 'first'
set[#set + 1] = oldest and string.match(oldest[1], '^%d+') or whole(tonumber(meta[4]) + 1)
if left == 0 then
    set[#set + 1] = 'largest'
    set[#set + 1] = '0'
end
if #deleted > 0 then
    set[#set + 1] = 'deletions'
    set[#set + 1] = whole(tonumber(meta[11]) + 1)
    -- Deletions are counted within an epoch, and some may have been lost with it.
    local server = replid()
    if server ~= redis.call('HGET', KEYS[1], 'replid') then
        local fields = { 'epoch', ARGV[5], 'replid', server, 'epochs', with_ended(meta[13], meta[3], meta[4]) }
        for at = 1, #fields do set[#set + 1] = fields[at] end
    end
end
-- What is forgotten is told to everyone who may have meant it.
local beyond = redis.call('ZCARD', KEYS[4]) - REMEMBERED
if beyond > 0 then
    local forgotten = redis.call('ZPOPMIN', KEYS[4], math.min(beyond, 1000))
    set[#set + 1] = 'forgotten_to'
    set[#set + 1] = whole(math.max(tonumber(meta[10]), tonumber(forgotten[#forgotten])))
end
redis.call('HSET', KEYS[1], unpack(set))
if #deleted > 0 then redis.call(ARGV[3], ARGV[4], meta[4]) end
return redis.call('HMGET', KEYS[1], unpack(META))
