-- Answers the plan of a store, if there is one.
return redis.call('HMGET', P .. 'plan', 'version', 'partitions', 'seal', 'check')
