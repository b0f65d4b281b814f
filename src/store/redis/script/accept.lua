local verdict, taken = judge()
if verdict == 'busy' then return 'busy' end
if verdict == 'conflict' then
  tell('conflicts')
  quarantine()
  return 'conflict'
end
if verdict == 'done' then
  tell('duplicates')
  note_fence()
  return 'duplicate'
end
local state = record.problem ~= '' and 'quarantined' or 'ready'
if not append(record.id, state, record.problem) then
  tell('duplicates')
  return 'duplicate'
end
local moved = verdict == 'abandoned' and take_from(taken.name) or ''
put(moved, 's', 'kept')
put_fence()
return state
