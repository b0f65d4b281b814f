-- ARGV: now, id, the owner's number, when the lease ends.
local key = P .. 'state:' .. ARGV[2]
local held = redis.call('HMGET', key, 'q', 'l')
if held[1] ~= 'in_flight' or held[2] ~= ARGV[3] then return 0 end
redis.call('HSET', key, 'u', ARGV[4])
return 1
