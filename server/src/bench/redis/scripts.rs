//! The scripts of the bare design, which is a log, a counter, and a key for each known id.

use redis::Script;

/// KEYS: log, counter, id. ARGV: channel, data. Returns the sequence, and whether the id was known.
const ONE: &str = "
    local sequence = redis.call('INCR', KEYS[2])
    local known = redis.call('SET', KEYS[3], sequence, 'NX', 'GET', 'EX', 120)
    if known then
        redis.call('DECR', KEYS[2])
        return { tonumber(known), 1 }
    end
    redis.call('XADD', KEYS[1], sequence .. '-0', 'c', ARGV[1], 'd', ARGV[2])
    return { sequence, 0 }";

/// KEYS: log, counter. ARGV: what ids begin with; then channel, id and data of each event. Returns the sequences.
const MANY: &str = "
    local sequence = tonumber(redis.call('GET', KEYS[2]) or 0)
    local sequences = {}
    for at = 2, #ARGV, 3 do
        local known = redis.call('SET', ARGV[1] .. ARGV[at + 1], sequence + 1, 'NX', 'GET', 'EX', 120)
        if known then
            sequences[#sequences + 1] = tonumber(known)
        else
            sequence = sequence + 1
            redis.call('XADD', KEYS[1], sequence .. '-0', 'c', ARGV[at], 'd', ARGV[at + 2])
            sequences[#sequences + 1] = sequence
        end
    end
    redis.call('SET', KEYS[2], sequence)
    return sequences";

/// KEYS: log. ARGV: channel, data, and where it is told. Returns the sequence.
const TOLD: &str = "
    local sequence = redis.call('XADD', KEYS[1], '*', 'c', ARGV[1], 'd', ARGV[2])
    redis.call('PUBLISH', ARGV[3], sequence)
    return sequence";

pub(super) fn one() -> Script {
    Script::new(ONE)
}

pub(super) fn many() -> Script {
    Script::new(MANY)
}

pub(super) fn told() -> Script {
    Script::new(TOLD)
}
