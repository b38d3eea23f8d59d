/* hf_simulate.c - `holdfast simulate` as a program of its own, for the scheduler's tests. */
#include "cli/simulate.h"
#include "lib/xml.h"

int main(int argc, char **argv)
{
    hf_xml_init();
    return cmd_simulate(argc, argv, &(struct simulate_host){.once = true});
}
