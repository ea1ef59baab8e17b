// Keeps for a tool in a frame of this page what its own cookies cannot: by origin, as long as the page is open. Only the
// frame and what is within it is answered, and only origins that the tool's row names. [LTI Client Side postMessages 1.0]
(function () {
  const KEYS = 500, CHARS = 4096, kept = new Map()
  const older = 'org.imsglobal.' // of drafts

  // Runs before there is the frame, so that nothing that the tool asks is missed.
  function frame() { return document.querySelector('iframe[data-origins]') }
  function within(source) {
    const tool = frame() && frame().contentWindow
    while (source && source !== tool && source !== source.parent) source = source.parent
    return Boolean(tool) && source === tool
  }
  function keptFor(origin) {
    if (!kept.has(origin) && frame().dataset.origins.split(' ').includes(origin)) kept.set(origin, new Map())
    return kept.get(origin)
  }
  function isText(x) { return typeof x === 'string' && x.length > 0 && x.length <= CHARS }
  function error(code, message) { return { error: { code: code, message: message } } }

  const subjects = {
    'lti.capabilities': function () {
      return { supported_messages: Object.keys(subjects).map(function (subject) { return { subject: subject } }) }
    },
    'lti.put_data': function (own, data) {
      if (!isText(data.key)) return error('bad_request', 'key is no text of 1 to ' + CHARS + ' characters')
      if (data.value === null || data.value === undefined || data.value === '') {
        own.delete(data.key)
        return { key: data.key, value: null }
      }
      if (!isText(data.value)) return error('bad_request', 'value is no text of at most ' + CHARS + ' characters')
      if (!own.has(data.key) && own.size >= KEYS) return error('storage_exhaustion', KEYS + ' keys are kept already')
      own.set(data.key, data.value)
      return { key: data.key, value: data.value }
    },
    'lti.get_data': function (own, data) {
      if (!isText(data.key)) return error('bad_request', 'key is no text of 1 to ' + CHARS + ' characters')
      return { key: data.key, value: own.has(data.key) ? own.get(data.key) : null }
    }
  }

  function answer(event, data, subject) {
    const own = keptFor(event.origin)
    if (!own) return error('wrong_origin', 'nothing is kept for ' + event.origin)
    if (!isText(data.message_id)) return error('bad_request', 'message_id is missing')
    return Object.hasOwn(subjects, subject) ? subjects[subject](own, data) : error('unsupported_subject', 'unknown')
  }

  addEventListener('message', function (event) {
    const data = event.data
    if (!within(event.source) || typeof data !== 'object' || data === null || !isText(data.subject)) return
    const subject = data.subject.startsWith(older) ? data.subject.slice(older.length) : data.subject
    if (!subject.startsWith('lti.')) return
    const said = answer(event, data, subject)
    said.subject = data.subject + '.response'
    said.message_id = data.message_id
    event.source.postMessage(said, event.origin)
  })
})()
