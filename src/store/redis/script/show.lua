-- ARGV: now, id.
return redis.call('HMGET', P .. 'event:' .. ARGV[2], 's', 'a', 'h', 'w', 'c', 'g', 'r')
