-- Reads a page of some channels, or of the whole log where pages have to be cut by bytes.
--
-- KEYS: meta, log, channels, removed. The channels' own keys are known only here; they are of the same slot.
-- ARGV: incarnation, after, until, how many events at most, bytes at most, descending, whether gaps are told,
-- the stem of the channels' keys, the selection {whole log, names, scopes}
--
-- Answers the stream's state, the greatest removed sequence that is meant, the first sequence that is not in the page
-- though it may be meant, and entries of the log. What is not meant may be among them.

local meta = redis.call('HMGET', KEYS[1], unpack(META))
if meta[2] ~= ARGV[1] then return { meta } end
local after, last = tonumber(ARGV[2]), math.min(tonumber(ARGV[3]), tonumber(meta[4]))
local most, most_bytes, descending, tells = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1', ARGV[7] == '1'
local whole_log, listed, scopes = unpack(cmsgpack.unpack(ARGV[9]), 1, 3)
local stem = ARGV[8]
local largest = math.max(tonumber(meta[8]), 1)
-- One command gives no more than this at once, however large its events are.
local MOST_AT_ONCE = math.max(1, math.floor(8388608 / largest))
local MOST_LOOKED = 2000

local names = whole_log == 0 and selected(KEYS[3], listed, scopes)

-- Law told: the greatest sequence that was removed beyond the start. A channel that is forgotten may have been meant.
local function removed_to()
    if tonumber(meta[9]) <= after then return '0' end
    if whole_log == 1 then return meta[9] end
    local removed = tonumber(meta[10])
    local function note(score)
        if score then removed = math.max(removed, tonumber(score)) end
    end
    for from = 1, #listed, STEP do
        local scores = redis.call('ZMSCORE', KEYS[4], unpack(listed, from, math.min(from + STEP - 1, #listed)))
        for at = 1, #scores do note(scores[at]) end
    end
    if #scopes == 0 then return whole(removed) end
    -- From the greatest down: the first that is meant decides.
    local beyond = redis.call('ZREVRANGEBYSCORE', KEYS[4], '+inf', '(' .. whole(math.max(after, removed)),
        'WITHSCORES', 'LIMIT', 0, MOST_LOOKED)
    for at = 1, #beyond, 2 do
        for n = 1, #scopes do
            if string.find(beyond[at], scopes[n][3]) then
                note(beyond[at + 1])
                return whole(removed)
            end
        end
    end
    if #beyond == 2 * MOST_LOOKED then note(beyond[#beyond]) end
    return whole(removed)
end

local entries, bytes, rest = {}, 0, nil

-- Takes what the log has from one sequence to another, in the page's direction. Returns whether there is room for more.
local function take(from, to, count)
    local command = descending and 'XREVRANGE' or 'XRANGE'
    local found = redis.call(command, KEYS[2], whole(from) .. '-0', whole(to) .. '-0', 'COUNT', count)
    for at = 1, #found do
        local entry = found[at]
        if bytes >= most_bytes and #entries > 0 or #entries >= most then
            rest = string.match(entry[1], '^%d+')
            return false
        end
        entries[#entries + 1] = entry
        bytes = bytes + #entry[2][4]
    end
    return true, found
end

local function sequence_of(entry)
    return tonumber(string.match(entry[1], '^%d+'))
end

-- Walks the log in small steps first: nothing is known of how large its events are here.
local function walk()
    local from, to, step = after + 1, last, 1
    if descending then from, to = last, after + 1 end
    while true do
        local count = math.min(step, MOST_AT_ONCE, most + 1 - #entries)
        local room, found = take(from, to, count)
        if not room or #found < count then return end
        from = sequence_of(found[#found]) + (descending and -1 or 1)
        if #entries >= most then
            local next = redis.call(descending and 'XREVRANGE' or 'XRANGE', KEYS[2], whole(from) .. '-0', whole(to) .. '-0',
                'COUNT', 1)[1]
            rest = next and string.match(next[1], '^%d+')
            return
        end
        step = math.min(2 * step, 128)
    end
end

-- Says how many sequences of a channel are at or below a bound. It begins at the end: that is where most readers are.
local function count_to(key, bound)
    local low, high, step = 0, redis.call('LLEN', key), 1
    while low < high do
        local at = math.max(low, high - step)
        if tonumber(redis.call('LINDEX', key, at)) <= bound then
            low = at + 1
            break
        end
        high, step = at, 8 * step
    end
    while low < high do
        local middle = math.floor((low + high) / 2)
        if tonumber(redis.call('LINDEX', key, middle)) <= bound then low = middle + 1 else high = middle end
    end
    return low
end

-- Lists the oldest (or newest) sequences of several channels, in the order of the page: one more than it may hold.
-- Each channel is read in shares. What is at or before the least place that a channel was read to is sure.
local function merged()
    local wanted, sign = most + 1, descending and -1 or 1
    local share = math.min(wanted, math.max(8, math.ceil(2 * wanted / #names)))
    local place, reached, open, found, horizon = {}, {}, {}, {}, nil
    for at = 1, #names do
        open[at] = at
        place[at] = descending and count_to(stem .. names[at], last) - 1 or count_to(stem .. names[at], after)
    end
    local function next_share(at)
        local from, to = place[at], place[at] + share - 1
        if descending then from, to = math.max(0, place[at] - share + 1), place[at] end
        local part = to >= 0 and redis.call('LRANGE', stem .. names[at], from, to) or {}
        place[at] = place[at] + sign * #part
        for k = 1, #part do
            local sequence = tonumber(part[descending and #part + 1 - k or k])
            if sequence <= after or sequence > last then return false end
            found[#found + 1] = sign * sequence
        end
        reached[at] = found[#found]
        return #part == share
    end
    while true do
        local still = {}
        for n = 1, #open do
            local at = open[n]
            if horizon and reached[at] > horizon or next_share(at) then still[#still + 1] = at end
        end
        open, horizon = still, nil
        for n = 1, #open do horizon = math.min(horizon or math.huge, reached[open[n]]) end
        if not horizon then break end
        local sure = 0
        for k = 1, #found do
            if found[k] <= horizon then sure = sure + 1 end
        end
        if sure >= wanted then break end
        share = math.min(wanted, 2 * share)
    end
    table.sort(found)
    local list = {}
    for k = 1, math.min(#found, wanted) do
        if horizon and found[k] > horizon then break end
        list[k] = sign * found[k]
    end
    return list
end

-- Fetches what is listed; sequences that follow each other come by one command.
local function follow(list)
    local at, step = 1, descending and -1 or 1
    while at <= #list do
        local to = at
        while to < #list and list[to + 1] == list[to] + step and to - at + 1 < MOST_AT_ONCE do to = to + 1 end
        if not take(list[at], list[to], to - at + 1) then return end
        at = to + 1
    end
end

if after < last then
    if not names then
        if whole_log == 0 then most = math.max(most, 500) end
        walk()
    elseif #names > 0 then
        follow(merged())
    end
end
return { meta, tells and removed_to() or '0', rest or '0', entries }
