-- What the scripts share. Sequences are exact in Lua below 2^53; commits never go beyond that.

local FORMAT = '1'
local META = { 'format', 'incarnation', 'epoch', 'head', 'first', 'events', 'bytes', 'largest',
    'removed_to', 'forgotten_to', 'deletions', 'removals', 'epochs' }

-- Identifies this server's incarnation of the data: another one after a restart, a failover, or a move of the slot.
local function replid()
    return string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or ''
end

-- Says which epochs have ended and where, once another one ends at a head: who has seen more of it has seen what was lost;
-- everyone else goes on.
local function with_ended(epochs, epoch, head)
    local list = { epoch .. ':' .. head }
    for earlier in string.gmatch(epochs or '', '%S+') do
        if #list < 32 then list[#list + 1] = earlier end
    end
    return table.concat(list, ' ')
end

local function whole(number)
    return string.format('%d', number)
end

-- Redis' own time, in milliseconds.
local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- So many items are given to a command at once: the Lua stack is not endless.
local STEP = 4000

local function each_step(command, key, list)
    local answer
    for from = 1, #list, STEP do
        answer = redis.call(command, key, unpack(list, from, math.min(from + STEP - 1, #list)))
    end
    return answer
end

-- Looks fields of a hash up, however many; the answer has `false` for what is not there.
local function look_up(key, fields)
    if #fields > 0 and #fields <= STEP then return redis.call('HMGET', key, unpack(fields)) end
    local found = {}
    for from = 1, #fields, STEP do
        local part = redis.call('HMGET', key, unpack(fields, from, math.min(from + STEP - 1, #fields)))
        for at = 1, #part do
            found[from + at - 1] = part[at]
        end
    end
    return found
end
