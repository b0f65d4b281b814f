local verdict, taken = judge()
if verdict == 'busy' then return 'busy' end
if verdict == 'conflict' then
  quarantine()
  return 'conflict'
end
if verdict == 'done' then
  note_fence()
  return 'duplicate'
end
local state = record.problem ~= '' and 'quarantined' or 'ready'
if not append(record.id, state, record.problem) then
  return 'duplicate'
end
local moved = verdict == 'abandoned' and take_from(taken.name) or ''
put(moved, state, 's', 'kept')
return state
