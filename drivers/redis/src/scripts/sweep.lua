-- Removes keys of a deleted stream: some of its channels, or, when there are none left, the rest.
-- KEYS: deleted, channels, and keys that go. ARGV: the channels' names; or, for the rest, a star and the incarnation.
redis.call('UNLINK', unpack(KEYS, 3))
if ARGV[1] == '*' then
    redis.call('UNLINK', KEYS[2])
    redis.call('SREM', KEYS[1], ARGV[2])
else
    redis.call('ZREM', KEYS[2], unpack(ARGV))
end
return 1
