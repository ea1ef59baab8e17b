/* SPDX-License-Identifier: EUPL-1.2 */
#include "gateway/process/fetch_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LOGIN_MAX_B = 1024 };

static bool split_login(struct str text, struct fetch_proxy *out)
{
    size_t colon = str_find_byte(text, ':', 0);

    out->user = str_sub(text, 0, colon);
    out->password = str_from(text, colon < text.n ? colon + 1 : colon);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return false;
    return colon > 0 && colon < text.n;
}

bool fetch_proxy_read(const struct settings *s, struct arena *a, struct fetch_proxy *out, struct fail *f)
{
    char bytes[LOGIN_MAX_B + 1];
    struct str file = s->outgoing_proxy_login_file;

    *out = (struct fetch_proxy){ .except = s->outgoing_proxy_except };
    if (s->outgoing_proxy.n > 0)
        out->url = s->outgoing_proxy;
    if (file.n == 0)
        return true;
    int fd = open(arena_cstr(a, file), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, bytes, sizeof bytes) : -1;
    int error = errno;
    if (fd >= 0)
        (void)close(fd);
    struct str text = n > 0 && n <= LOGIN_MAX_B ? arena_str(a, str_trim(str_n(bytes, (size_t)n))) : S("");
    explicit_bzero(bytes, sizeof bytes);
    return split_login(text, out) ||
           fail(f, FAIL_OURS, "outgoing_proxy_login_file", "outgoing_proxy_login_file %.*s: %s", STR_ARG(file),
                n < 0 ? strerror(error) : "expected one line, user:password");
}

static bool is_below(struct str host, struct str name)
{
    size_t above = host.n - name.n - 1;

    return host.n > name.n + 1 && host.p[above] == '.' && str_eq_case(str_from(host, above + 1), name);
}

bool fetch_proxy_takes(const struct fetch_proxy *p, struct str host)
{
    struct str rest = p->except, name;

    if (!str_is_set(p->url))
        return false;
    if (str_has_suffix(host, S(".")))
        host = str_sub(host, 0, host.n - 1);
    while (rest.n > 0 && str_split(&rest, ',', &name)) {
        name = str_trim(name);
        if (str_has_prefix(name, S(".")))
            name = str_from(name, 1);
        if (name.n > 0 && (str_eq_case(host, name) || is_below(host, name)))
            return false;
    }
    return true;
}
