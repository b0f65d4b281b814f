-- ARGV[13] is the owner's fence; ARGV[14] to ARGV[16] are status, content type and body of the answer.
local key = P .. 'name:' .. record.identity
local held = redis.call('HMGET', key, 's', 'f')
if held[1] ~= 'in_flight' or held[2] ~= ARGV[13] then return 0 end
append(record.id, record.problem ~= '' and 'quarantined' or 'delivered', record.problem)
redis.call('HDEL', key, 'u', 't')
redis.call('HSET', key, 's', 'done', 'r', record.retain, 'a', ARGV[14], 'y', ARGV[15], 'b', ARGV[16])
redis.call('ZADD', P .. 'names', record.retain, record.identity)
expire_later(key, record.retain)
return 1
