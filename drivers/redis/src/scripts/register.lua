-- Notes or forgets the name of a stream. KEYS: streams. ARGV: name, command.
return redis.call(ARGV[2], KEYS[1], ARGV[1])
