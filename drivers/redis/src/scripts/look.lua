-- Looks at the oldest events, of the log or of a channel: what a removal has to know of them.
-- KEYS: meta, log[, the channel]. ARGV: incarnation, until, how many at most.
-- Answers the stream's state and, for each event, its sequence, its head and the length of its data.
local meta = redis.call('HMGET', KEYS[1], unpack(META))
if meta[2] ~= ARGV[1] then return { meta } end
local most = tonumber(ARGV[3])
local looked, bytes = {}, 0
local MOST_BYTES = 4194304

local function note(found)
    for at = 1, #found do
        local fields = found[at][2]
        looked[#looked + 1] = { string.match(found[at][1], '^%d+'), fields[2], whole(#fields[4]) }
        bytes = bytes + #fields[4]
    end
end

if KEYS[3] then
    local list = redis.call('LRANGE', KEYS[3], 0, most - 1)
    for at = 1, #list do
        if bytes > MOST_BYTES or tonumber(list[at]) > tonumber(ARGV[2]) then break end
        note(redis.call('XRANGE', KEYS[2], list[at] .. '-0', list[at] .. '-0'))
    end
else
    local from, step, at_once = '-', 1, math.max(1, math.floor(MOST_BYTES / math.max(1, tonumber(meta[8]))))
    while #looked < most and bytes <= MOST_BYTES do
        local count = math.min(step, at_once, most - #looked)
        local found = redis.call('XRANGE', KEYS[2], from, ARGV[2], 'COUNT', count)
        note(found)
        if #found < count then break end
        from = '(' .. found[#found][1]
        step = math.min(2 * step, 128)
    end
end
return { meta, looked }
