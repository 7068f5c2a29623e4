-- Makes a stream unless it exists, and says what it is.
-- KEYS: meta. ARGV: incarnation, epoch.
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then
    redis.call('HSET', KEYS[1], 'format', FORMAT, 'incarnation', ARGV[1], 'epoch', ARGV[2], 'head', '0', 'first', '1',
        'events', '0', 'bytes', '0', 'largest', '0', 'removed_to', '0', 'forgotten_to', '0', 'deletions', '0',
        'removals', '0', 'epochs', '', 'replid', replid())
elseif kind ~= 'hash' then
    return kind
end
return redis.call('HMGET', KEYS[1], unpack(META))
