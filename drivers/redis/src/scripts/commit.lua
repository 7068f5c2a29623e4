-- Carries out a group of commits of one stream, each decided by itself. Everything is decided before anything is written.
--
-- KEYS: meta, log, ids, channels, then what the plan says.
-- ARGV: incarnation, an epoch in case it is needed, command and channel of the wake-up, whether something is to be
-- written in any case, the plan, and the data of the events.
--
-- Answers `gone`, or for each commit a letter and text:
--   n RECEIPT done; r RECEIPT repeated; i not to be done; x LAST the expectation does not hold;
--   c HEAD,PLACES.. a cursor may not be moved; v VERSIONS.. a record may not be changed; o the sequences are used up
-- A receipt is the epoch, the head, and the sequence of each event, with = before it when its id was known.

local state = redis.call('HMGET', KEYS[1], 'incarnation', 'epoch', 'head', 'events', 'bytes', 'largest', 'replid', 'epochs')
if state[1] ~= ARGV[1] then return 'gone' end
local epoch, head = state[2], tonumber(state[3])
local plan = cmsgpack.unpack(ARGV[6])
local places, names, ids, heads, channels, sizes, commits = unpack(plan, 1, 7)
local COMMITS, COMMITTED, CURSORS, CURSOR_NAMES, RECORDS, REMOVED, CHANNEL = unpack(places, 1, 7)
local DATA = 6
local GREATEST = 9007199254740991

-- What is there.

local server = replid()
local moved_server = server ~= state[7]
if moved_server then epoch = ARGV[2] end

-- Sequences of the events whose ids are known: by their place, and by the id where it comes twice in this call.
local found = look_up(KEYS[3], ids)
local known = {}

-- Looks up what the commits name: once each, by the place in KEYS.
local function named(place, list_of, field)
    local values, fields, seen = {}, {}, {}
    if place == 0 then return values end
    for at = 1, #commits do
        for _, item in ipairs(type(commits[at]) == 'table' and list_of(commits[at]) or {}) do
            if not seen[item[1]] then
                seen[item[1]] = true
                fields[#fields + 1] = item[1]
            end
        end
    end
    local keys = {}
    for at = 1, #fields do keys[at] = field .. fields[at] end
    local looked = look_up(KEYS[place], keys)
    for at = 1, #fields do values[fields[at]] = looked[at] end
    return values
end

local receipts = named(COMMITS, function(commit) return commit[2] ~= '' and { { commit[2] } } or {} end, '')
local cursors = named(CURSORS, function(commit) return commit[6] end, '')
local versions = named(RECORDS, function(commit) return commit[7] end, 'v')

-- Where a cursor is, of its stored text.
local function place_of(cursor)
    return cursor and string.match(cursor, '^%d+')
end

-- The last sequence that was ever published to a channel.
local lasts = {}
local function last_of(channel)
    local last = lasts[channel]
    if not last then
        local newest = redis.call('LINDEX', KEYS[CHANNEL + channel], -1)
        local removed = REMOVED ~= 0 and redis.call('ZSCORE', KEYS[REMOVED], names[channel])
        last = math.max(tonumber(newest or 0), tonumber(removed or 0))
    end
    return last
end

-- Decisions, each as its commit would be the only one after those before it.

local function expectation_fails(commit, last)
    local kind = commit[3]
    if kind == 1 then return head ~= tonumber(commit[4]) and whole(head) end
    if kind == 2 then return last ~= tonumber(commit[4]) and whole(last) end
end

-- name, expected (0 absent, 1 at, 2 anywhere), at, target (0 away, 1 to), to, forced, time
local function cursor_may_move(change, after)
    local current = place_of(cursors[change[1]])
    if change[2] == 0 and current then return false end
    if change[2] == 1 and (not current or tonumber(current) ~= tonumber(change[3])) then return false end
    if change[2] == 2 and change[6] == 0 then return false end
    if change[4] == 0 then return true end
    local to = tonumber(change[5])
    return to <= after and not (current and to < tonumber(current) and change[6] == 0)
end

-- key, expected (0 absent, 1 version, 2 anything), version, action (0 away, 1 put, 2 too large), value
local function record_may_change(change)
    local current = versions[change[1]]
    if change[2] == 0 and current then return false end
    if change[2] == 1 and (not current or tonumber(current) ~= tonumber(change[3])) then return false end
    return change[4] ~= 2
end

local function all_may(changes, may, after)
    for at = 1, #changes do
        if not may(changes[at], after) then return false end
    end
    return true
end

local function listed(changes, current)
    local list = {}
    for at = 1, #changes do list[at] = current(changes[at]) or '-' end
    return table.concat(list, ',')
end

local fresh, sequences, taken = {}, {}, 0       -- events to append, and where, as text
local cursor_changes, record_changes = {}, {}
local committed, kept = {}, {}
local answers = {}
local bytes, largest = tonumber(state[5]), tonumber(state[6])
local first_event = 1

-- Gives an event the next sequence.
local function take(event)
    head = head + 1
    local sequence = whole(head)
    taken = taken + 1
    fresh[taken] = event
    sequences[taken] = sequence
    known[ids[event]] = sequence
    local size = sizes[event]
    bytes = bytes + size
    if size > largest then largest = size end
    if REMOVED ~= 0 then lasts[channels[event]] = head end
    return sequence
end

-- Most commits are one event and nothing else: they come as their number of events, and nothing can refuse them.
local function append(count)
    if count == 1 then
        local sequence = found[first_event] or known[ids[first_event]]
        if sequence then return 'n' .. epoch .. ' ' .. whole(head) .. ' =' .. sequence end
        sequence = take(first_event)
        return 'n' .. epoch .. ' ' .. sequence .. ' ' .. sequence
    end
    local receipt = { epoch, '' }
    for at = first_event, first_event + count - 1 do
        local sequence = found[at] or known[ids[at]]
        receipt[#receipt + 1] = sequence and '=' .. sequence or take(at)
    end
    receipt[2] = whole(head)
    return 'n' .. table.concat(receipt, ' ')
end

local function decide(commit)
    local id = commit[2]
    if id ~= '' and receipts[id] then return 'r' .. receipts[id] end
    if commit[3] == 9 then return 'i' end
    local last = commit[3] == 2 and last_of(commit[5]) or 0
    local actual = expectation_fails(commit, last)
    if actual then return 'x' .. actual end

    local next, mine, receipt = head, {}, { epoch, '' }
    for at = first_event, first_event + commit[1] - 1 do
        local event = ids[at]
        local sequence = found[at] or known[event]
        if sequence then
            receipt[#receipt + 1] = '=' .. sequence
        else
            next = next + 1
            known[event] = whole(next)
            mine[#mine + 1] = at
            receipt[#receipt + 1] = known[event]
        end
    end
    local refused
    if next > GREATEST then
        refused = 'o'
    elseif not all_may(commit[6], cursor_may_move, next) then
        refused = 'c' .. whole(next) .. ',' .. listed(commit[6], function(change) return place_of(cursors[change[1]]) end)
    elseif not all_may(commit[7], record_may_change) then
        refused = 'v' .. listed(commit[7], function(change) return versions[change[1]] end)
    end
    if refused then
        for at = 1, #mine do known[ids[mine[at]]] = nil end
        return refused
    end

    for at = 1, #mine do take(mine[at]) end
    for at = 1, #commit[6] do
        local change = commit[6][at]
        local value = change[4] == 1 and change[5] .. ' ' .. change[7]
        cursors[change[1]] = value
        cursor_changes[#cursor_changes + 1] = { change[1], value }
    end
    for at = 1, #commit[7] do
        local change = commit[7][at]
        local version = change[4] == 1 and whole(tonumber(versions[change[1]] or 0) + 1)
        versions[change[1]] = version
        record_changes[#record_changes + 1] = { change[1], version, change[5] }
    end
    receipt[2] = whole(head)
    local text = table.concat(receipt, ' ')
    if id ~= '' then
        receipts[id] = text
        committed[#committed + 1] = id
        kept[#kept + 1] = id
        kept[#kept + 1] = text
    end
    return 'n' .. text
end

for at = 1, #commits do
    local commit = commits[at]
    local count = type(commit) == 'number' and commit or commit[1]
    if count == commit and head + count <= GREATEST then
        answers[at] = append(count)
    else
        answers[at] = decide(count == commit and { count, '', 0, '0', 0, {}, {} } or commit)
    end
    first_event = first_event + count
end

-- From here on everything is written, and nothing can be refused any more.

local set = {}
local function put(field, value)
    set[#set + 1] = field
    set[#set + 1] = value
end

if moved_server then
    put('epoch', epoch)
    put('replid', server)
    put('epochs', with_ended(state[8], state[2], state[3]))
end

if taken > 0 then
    local id_fields, by_channel, begun = {}, {}, {}
    for at = 1, taken do
        local event, sequence = fresh[at], sequences[at]
        redis.call('XADD', KEYS[2], sequence .. '-0', 'h', heads[event], 'd', ARGV[DATA + event])
        id_fields[2 * at - 1] = ids[event]
        id_fields[2 * at] = sequence
        -- Most channels have one event in a call, which needs no list.
        local channel = channels[event]
        local list = by_channel[channel]
        if not list then
            by_channel[channel] = sequence
        elseif type(list) == 'table' then
            list[#list + 1] = sequence
        else
            by_channel[channel] = { list, sequence }
        end
    end
    each_step('HSET', KEYS[3], id_fields)
    for channel, list in pairs(by_channel) do
        local key, length, count = KEYS[CHANNEL + channel], nil, 1
        if type(list) == 'table' then
            length, count = each_step('RPUSH', key, list), #list
        else
            length = redis.call('RPUSH', key, list)
        end
        if length == count then
            begun[#begun + 1] = '0'
            begun[#begun + 1] = names[channel]
        end
    end
    each_step('ZADD', KEYS[4], begun)
    put('head', whole(head))
    put('events', whole(tonumber(state[4]) + taken))
    put('bytes', whole(bytes))
    put('largest', whole(largest))
end

for at = 1, #cursor_changes do
    local name, value = cursor_changes[at][1], cursor_changes[at][2]
    if value then
        redis.call('HSET', KEYS[CURSORS], name, value)
        redis.call('ZADD', KEYS[CURSOR_NAMES], 0, name)
    else
        redis.call('HDEL', KEYS[CURSORS], name)
        redis.call('ZREM', KEYS[CURSOR_NAMES], name)
    end
end
for at = 1, #record_changes do
    local key, version, value = unpack(record_changes[at], 1, 3)
    if version then
        redis.call('HSET', KEYS[RECORDS], 'v' .. key, version, 'd' .. key, value)
    else
        redis.call('HDEL', KEYS[RECORDS], 'v' .. key, 'd' .. key)
    end
end
if #committed > 0 then
    each_step('HSET', KEYS[COMMITS], kept)
    redis.call('RPUSH', KEYS[COMMITTED], whole(now()), cmsgpack.pack(committed))
end
-- WAIT waits for what this connection wrote: a repetition has to write something, too.
if ARGV[5] == '1' and #set == 0 then put('touched', '1') end
if #set > 0 then redis.call('HSET', KEYS[1], unpack(set)) end
if taken > 0 then redis.call(ARGV[3], ARGV[4], whole(head)) end
return answers
