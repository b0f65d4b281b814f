-- ARGV: now, endpoint, mark, a record, the owner's number, and status, content type and body of the answer.
local record = read(4)
local key = P .. 'state:' .. record.id
local held = redis.call('HMGET', key, 'q', 'l')
if held[1] ~= 'in_flight' or held[2] ~= ARGV[7] then return 0 end
record.known = true
-- A damaged record may be in its place and wait for quarantine; the answer is remembered all the same.
append(record, record.id, record.problem ~= '' and 'quarantined' or 'delivered', record.problem)
redis.call('HSET', key, 'q', 'done', 'v', kept_until(record), 'z', ARGV[8], 'y', ARGV[9], 'b', ARGV[10])
redis.call('HDEL', key, 'u', 't')
redis.call('ZADD', P .. 'names', kept_until(record), record.id)
return 1
