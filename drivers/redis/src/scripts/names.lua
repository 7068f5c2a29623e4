-- Finds the channels that a selection means, by name.

-- No more names than this are looked through, and no more channels than this are merged.
local MOST_NAMES, MOST_CHANNELS = 2048, 512

-- Returns the names, or nothing when they are too many. `listed` are names; `scopes` are {from, to, pattern}:
-- the pattern alone decides, and the other two bound where to look.
local function selected(key, listed, scopes)
    local names, seen, looked = {}, {}, 0
    local function add(name)
        if not seen[name] then
            seen[name] = true
            names[#names + 1] = name
        end
    end
    for at = 1, #listed do add(listed[at]) end
    for at = 1, #scopes do
        local from, to, pattern = unpack(scopes[at], 1, 3)
        local found = redis.call('ZRANGEBYLEX', key, '[' .. from, '(' .. to, 'LIMIT', 0, MOST_NAMES + 1 - looked)
        looked = looked + #found
        if looked > MOST_NAMES then return nil end
        for n = 1, #found do
            if string.find(found[n], pattern) then add(found[n]) end
        end
        if #names - #listed > MOST_CHANNELS then return nil end
    end
    return names
end
