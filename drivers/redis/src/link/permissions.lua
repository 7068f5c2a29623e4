#!lua flags=no-writes
-- Names the commands of the store that the calling user may not use. Answers nothing when it may use all.
-- KEYS: one of the store's prefix. ARGV: a channel of the store's prefix.

local commands = {
    'DEL', 'EXISTS', 'HDEL', 'HGET', 'HMGET', 'HSET', 'LINDEX', 'LLEN', 'LPOP', 'LRANGE', 'LTRIM', 'RPUSH', 'SADD', 'SMEMBERS',
    'SREM', 'TYPE', 'UNLINK', 'XADD', 'XDEL', 'XRANGE', 'XREVRANGE', 'XTRIM', 'ZADD', 'ZCARD', 'ZMSCORE', 'ZPOPMIN', 'ZRANGE',
    'ZRANGEBYLEX', 'ZREM', 'ZREVRANGEBYSCORE', 'ZSCORE',
}
-- What else a command needs to be one.
local more = {
    HDEL = { 'a' }, HGET = { 'a' }, HMGET = { 'a' }, HSET = { 'a', 'b' }, LINDEX = { '0' }, LRANGE = { '0', '1' },
    LTRIM = { '0', '1' }, RPUSH = { 'a' }, SADD = { 'a' }, SREM = { 'a' }, XADD = { '*', 'a', 'b' }, XDEL = { '1-0' },
    XRANGE = { '-', '+' }, XREVRANGE = { '+', '-' }, XTRIM = { 'MINID', '1' }, ZADD = { '1', 'a' }, ZMSCORE = { 'a' },
    ZRANGE = { '0', '1' }, ZRANGEBYLEX = { '-', '+' }, ZREM = { 'a' }, ZREVRANGEBYSCORE = { '1', '0' }, ZSCORE = { 'a' },
}

local missing = {}
for _, command in ipairs(commands) do
    if not redis.acl_check_cmd(command, KEYS[1], unpack(more[command] or {})) then
        missing[#missing + 1] = command
    end
end
if not redis.acl_check_cmd('SPUBLISH', ARGV[1], '') then missing[#missing + 1] = 'SPUBLISH' end
if not redis.acl_check_cmd('SSUBSCRIBE', ARGV[1]) then missing[#missing + 1] = 'SSUBSCRIBE' end
if not redis.acl_check_cmd('TIME') then missing[#missing + 1] = 'TIME' end
if not redis.acl_check_cmd('INFO', 'replication') then missing[#missing + 1] = 'INFO' end
if not redis.acl_check_cmd('MULTI') then missing[#missing + 1] = 'MULTI' end
return #missing > 0 and table.concat(missing, ', ')
