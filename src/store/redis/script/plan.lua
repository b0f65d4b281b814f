-- Answers the plan of a store, if there is one, and by which key this partition is sealed.
local plan = redis.call('HMGET', P .. 'plan', 'version', 'partitions', 'seal', 'check')
plan[5] = redis.call('GET', P .. 'seal')
return plan
