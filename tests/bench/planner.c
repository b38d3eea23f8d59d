/* planner.c - how much memory holdfastd's second copy of the CIB takes, which the scheduler's thread has.
 *
 *     tests/bench/planner CIB...
 *
 * For each file: its size; what the node's own document takes; what the planner's copy takes beside it; the
 * highest while it is made and the scheduler runs, and what of that stays.  In MB of resident memory, one
 * process for each file. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "daemon/node/planner.h"
#include "lib/xml.h"

static void must(struct hf_error *error)
{
    if (error == NULL)
        return;
    fprintf(stderr, "%s\n", hf_error_text(error));
    exit(1);
}

/* A line of /proc/self/status, in MB: VmRSS is now, VmHWM the highest so far. */
static double memory(const char *what)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[128];
    long kb = 0;

    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            sscanf(line + strlen(what), "%ld", &kb);
    if (file != NULL)
        fclose(file);
    return (double)kb / 1024;
}

/* From here on, VmHWM is the highest. */
static void forget_highest(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "we");

    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
}

/* What is in use, without what malloc() keeps for later. */
static double in_use(void)
{
    malloc_trim(0);
    return memory("VmRSS:");
}

static struct cib_document *load(const char *path)
{
    xmlDoc *xml = NULL;
    struct cib_document *document = NULL;

    must(hf_xml_parse_file(path, SIZE_MAX, &xml));
    HF_CLEANUP(hf_freep) char *text = hf_xml_text(xmlDocGetRootElement(xml), false);
    xmlFreeDoc(xml);
    must(cib_document_parse(NULL, text, strlen(text), path, false, &document));
    return document;
}

static void measure(const char *path)
{
    struct planner_job job = {.input = {.now = time(NULL), .transition_id = 1}};
    struct planner_result result;
    struct stat size;
    double start = in_use();
    struct cib_document *document = load(path);
    double own = in_use();
    struct planner *planner = planner_new();

    forget_highest();
    if (stat(path, &size) != 0)
        exit(1);
    planner_journal_whole(&job.journal, cib_document_root(document));
    job.configuration = cib_document_configuration_digest(document);
    job.status = cib_document_status_digest(document);
    planner_run(planner, &job, &result);
    must(result.error);
    if (result.lost) {
        fprintf(stderr, "%s: the copy is not what it was made from\n", path);
        exit(1);
    }
    double highest = memory("VmHWM:");
    malloc_trim(0); /* as holdfastd does then */
    planner_result_clear(&result);
    hf_buf_free(&job.journal);
    double stays = memory("VmRSS:"), both = in_use();
    printf("%s: text %.1f, document %.1f, second copy %.1f, highest %.1f, stays %.1f\n", path,
           (double)size.st_size / 1024 / 1024, own - start, both - own, highest, stays);
    planner_free(planner);
    cib_document_free(document);
}

int main(int argc, char **argv)
{
    int status, code = 0;

    if (argc < 2) {
        fprintf(stderr, "usage: %s CIB...\n", argv[0]);
        return 2;
    }
    hf_xml_init();
    for (int i = 1; i < argc; i++) {
        fflush(stdout);
        if (fork() == 0) {
            measure(argv[i]);
            return 0;
        }
        if (wait(&status) < 0 || status != 0)
            code = 1;
    }
    return code;
}
