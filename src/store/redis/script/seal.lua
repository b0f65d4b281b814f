-- ARGV: now, a mark of the key that records are sealed with. Notes it for this partition, if none is noted yet, and answers
-- what is noted.
redis.call('SET', P .. 'seal', ARGV[2], 'NX')
return redis.call('GET', P .. 'seal')
