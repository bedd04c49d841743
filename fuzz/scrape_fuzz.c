/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * scrape_fuzz: any text into scrape_parse; what it gives are short ended names and finite numbers,
 * and as many with little room as with much.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "node/probe/scrape_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct scrape_line lines[64];
    char *text = malloc(size + 1);
    size_t n;

    if (text == NULL) {
        return 0;
    }
    memcpy(text, bytes, size);
    text[size] = '\0';
    n = scrape_parse(text, lines, 64);
    for (size_t i = 0; i < n && i < 64; i++) {
        if (!isfinite(lines[i].value) || lines[i].name[0] == '\0' ||
            strnlen(lines[i].name, sizeof(lines[i].name)) == sizeof(lines[i].name)) {
            abort();
        }
    }
    free(text);
    return 0;
}
