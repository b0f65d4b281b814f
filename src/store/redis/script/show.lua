-- ARGV: now, id. Answers state, attempts and reason of its record, and the record.
local row = redis.call('HMGET', P .. 'state:' .. ARGV[2], 's', 'a', 'w')
local record = redis.call('GET', P .. 'event:' .. ARGV[2])
return { row[1] or record and 'ready' or '', row[2] or '0', row[3] or '', record or '' }
