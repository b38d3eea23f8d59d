/* test_fence_device.c - fence devices: parameters, targets, what the agent reads; and the configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fence/config.h"
#include "lib/xml.h"

static const char metadata[] =
    "<resource-agent name='fence_x'><parameters><parameter name='plug'/><parameter name='port'/></parameters>"
    "<actions><action name='on' automatic='1' on_target='0'/><action name='off'/><action name='status'/>"
    "<action name='list'/><action name='monitor'/><action name='metadata'/></actions></resource-agent>";

/* A device with parameters "name=value|name=value". */
static struct hf_error *make(const char *parameters, struct fence_device **device)
{
    HF_CLEANUP(hf_freep) char *text = hf_strdup(parameters);
    struct fence_pair pairs[16];
    size_t count = 0;
    char *save = NULL;

    for (char *pair = strtok_r(text, "|", &save); pair != NULL; pair = strtok_r(NULL, "|", &save)) {
        char *equals = strchr(pair, '=');

        *equals = '\0';
        pairs[count++] = (struct fence_pair){pair, equals + 1};
    }
    return fence_device_new("d", "fence_x", pairs, count, device);
}

static struct fence_device *device_of(const char *parameters)
{
    struct fence_device *device;
    struct hf_error *error = make(parameters, &device);

    if (error != NULL)
        fail_msg("%s: %s", parameters, hf_error_text(error));
    return device;
}

static void assert_input(const struct fence_device *device, enum fence_action action, const char *node,
                         const char *expected)
{
    struct hf_buf input = {0};

    fence_device_input(device, action, node, fence_device_target_parameter(device), &input);
    assert_string_equal(hf_buf_text(&input), expected);
    hf_buf_free(&input);
}

static void times_are_read_in_all_spellings(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: not a time */
    } cases[] = {
        {"10", 10000},      {"10s", 10000},       {" 10 s", 10000}, {"1500ms", 1500}, {"2min", 120000},
        {"2m", 120000},     {"1h", 3600000},      {"1hr", 3600000}, {"1d", 86400000}, {"5000us", 5},
        {"PT1M30S", 90000}, {"P1DT1S", 86401000}, {"PT90S", 90000}, {"", -1},         {"s", -1},
        {"-1", -1},         {"1x", -1},           {"P", -1},        {"P1", -1},       {"PT1", -1},
        {"P1S", -1},        {"99999999999", -1},  {"1 2", -1},
    };
    int64_t ms;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        ms = -1;
        assert_int_equal(fence_parse_time(cases[i].text, &ms), cases[i].ms >= 0);
        assert_int_equal(ms, cases[i].ms);
    }
    assert_false(fence_parse_time(NULL, &ms));
}

static void bad_parameters_are_refused_with_what_is_expected(void **state)
{
    static const char *const cases[][2] = {
        {"pcmk_host_check=maybe", "value 'maybe' of pcmk_host_check: expected static-list"},
        {"pcmk_host_check=static-list", "expected pcmk_host_list or pcmk_host_map"},
        {"pcmk_host_map=a", "value 'a' of pcmk_host_map: expected node:port"},
        {"pcmk_host_map=a:", "value 'a:' of pcmk_host_map: expected node:port"},
        {"pcmk_delay_max=soon", "value 'soon' of pcmk_delay_max: expected a time"},
        {"pcmk_delay_base=soon", "value 'soon' of pcmk_delay_base: expected a time"},
        {"pcmk_delay_base=a:soon", "value 'a:soon' of pcmk_delay_base: expected a time"},
        {"pcmk_action_limit=0", "value '0' of pcmk_action_limit: expected a whole number, 1 or more"},
        {"pcmk_action_limit=x", "value 'x' of pcmk_action_limit: expected a whole number"},
        {"pcmk_off_timeout=x", "value 'x' of pcmk_off_timeout: expected a time"},
        {"pcmk_reboot_retries=-1", "value '-1' of pcmk_reboot_retries: expected a whole number"},
    };
    struct fence_device *device;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(cases); i++) {
        struct hf_error *error = make(cases[i][0], &device);

        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        assert_null(device);
        if (strstr(hf_error_text(error), cases[i][1]) == NULL)
            fail_msg("'%s' does not say '%s'", hf_error_text(error), cases[i][1]);
        hf_error_free(error);
    }
}

static void only_names_of_fence_agents_are_run(void **state)
{
    static const char *const names[] = {"fence_", "fence_/bin/sh", "../fence_x", "sh",
                                        "",       "fence_x y",     "fence_x;"};
    struct fence_device *device;

    for (size_t i = 0; i < HF_ARRAY_LENGTH(names); i++) {
        struct hf_error *error = fence_device_new("d", names[i], NULL, 0, &device);

        assert_int_equal(hf_error_kind(error), HF_REFUSED);
        hf_error_free(error);
    }
}

static void input_names_the_target_as_the_agent_wants_it(void **state)
{
    struct fence_device *device =
        device_of("ip=10.0.0.9|passwd=a=b|pcmk_host_map=n1:7;n2:8,9|action=off|priority=3");

    assert_input(device, FENCE_REBOOT, "n2",
                 "action=reboot\nip=10.0.0.9\npasswd=a=b\nnodename=n2\nport=8,9\n");
    assert_input(device, FENCE_OFF, "n3", "action=off\nip=10.0.0.9\npasswd=a=b\nnodename=n3\nport=n3\n");
    assert_input(device, FENCE_LIST, NULL, "action=list\nip=10.0.0.9\npasswd=a=b\n");
    assert_input(device, FENCE_METADATA, NULL, "action=metadata\n");
    fence_device_free(device);

    device = device_of("port=outlet-4");
    assert_input(device, FENCE_OFF, "n1", "action=off\nport=outlet-4\nnodename=n1\n");
    fence_device_free(device);
    device = device_of("port=dynamic");
    assert_input(device, FENCE_OFF, "n1", "action=off\nnodename=n1\nport=n1\n");
    fence_device_free(device);
    device = device_of("pcmk_host_argument=host|pcmk_off_action=poweroff");
    assert_input(device, FENCE_OFF, "n1", "action=poweroff\nnodename=n1\nhost=n1\n");
    fence_device_free(device);
    device = device_of("pcmk_host_argument=none");
    assert_input(device, FENCE_OFF, "n1", "action=off\nnodename=n1\n");
    fence_device_free(device);
    device = device_of("comment=two\nlines\raction=on");
    assert_input(device, FENCE_OFF, "n1", "action=off\ncomment=twolinesaction=on\nnodename=n1\nport=n1\n");
    fence_device_free(device);
}

static void metadata_tells_parameter_actions_and_unfencing(void **state)
{
    static const char plug_only[] =
        "<resource-agent><parameters><parameter name='plug'/></parameters><actions>"
        "<action name='reboot'/></actions></resource-agent>";
    static const char neither[] = "<resource-agent><actions><action name='off'/></actions></resource-agent>";
    struct fence_device *device = device_of("");
    struct hf_error *error;

    assert_int_equal(fence_device_check(device, false), FENCE_CHECK_NONE);
    assert_null(fence_device_read_metadata(device, metadata, sizeof metadata - 1));
    assert_int_equal(fence_device_effective(device, FENCE_REBOOT), FENCE_OFF);
    assert_int_equal(fence_device_effective(device, FENCE_ON), FENCE_ON);
    assert_true(device->abilities.unfences);
    assert_false(device->abilities.on_target);
    assert_int_equal(fence_device_check(device, false), FENCE_CHECK_LIST);
    assert_int_equal(fence_device_check(device, true), FENCE_CHECK_STATUS);
    assert_input(device, FENCE_OFF, "n1", "action=off\nnodename=n1\nport=n1\n");
    assert_null(fence_device_read_metadata(device, plug_only, sizeof plug_only - 1));
    assert_input(device, FENCE_OFF, "n1", "action=off\nnodename=n1\nplug=n1\n");
    assert_int_equal(fence_device_effective(device, FENCE_REBOOT), FENCE_REBOOT);
    assert_int_equal(fence_device_check(device, false), FENCE_CHECK_NONE);
    assert_null(fence_device_read_metadata(device, neither, sizeof neither - 1));
    assert_input(device, FENCE_OFF, "n1", "action=off\nnodename=n1\n");
    error = fence_device_read_metadata(device, "<html/>", 7);
    assert_int_equal(hf_error_kind(error), HF_REFUSED);
    assert_true(device->abilities.actions[FENCE_REBOOT]);
    hf_error_free(error);
    fence_device_free(device);
}

static void hosts_are_found_in_list_and_map(void **state)
{
    struct fence_device *device = device_of("pcmk_host_list=n1, n2;n3|pcmk_host_map=n4:a\\ b;n5=7");

    assert_int_equal(fence_device_check(device, false), FENCE_CHECK_STATIC);
    assert_true(fence_device_lists(device, "n1"));
    assert_true(fence_device_lists(device, "N3"));
    assert_true(fence_device_lists(device, "n5"));
    assert_false(fence_device_lists(device, "n"));
    assert_false(fence_device_lists(device, "n6"));
    assert_input(device, FENCE_OFF, "n4", "action=off\nnodename=n4\nport=a b\n");
    assert_true(fence_device_listed(device, "n5", "3,\n7,alias\n"));
    assert_false(fence_device_listed(device, "n5", "77,n5\n"));
    assert_false(fence_device_listed(device, "n1", NULL));
    fence_device_free(device);
}

static void delay_is_base_plus_random_below_max(void **state)
{
    struct fence_device *device = device_of("pcmk_delay_base=n1:5s;n2:0s|pcmk_delay_max=8s");

    for (uint64_t random = 0; random < 20000; random += 37) {
        int64_t delay = fence_device_delay(device, "n1", random);

        assert_true(delay >= 5000 && delay < 8000);
        assert_true(fence_device_delay(device, "n2", random) < 8000);
    }
    assert_int_equal(fence_device_delay(device, "n1", 2999), 7999);
    fence_device_free(device);
    device = device_of("pcmk_delay_base=5s");
    assert_int_equal(fence_device_delay(device, "n1", 99), 5000);
    fence_device_free(device);
    device = device_of("");
    assert_int_equal(fence_device_delay(device, "n1", 99), 0);
    fence_device_free(device);
}

static const char configuration[] =
    "<configuration><crm_config><cluster_property_set id='other'><nvpair id='a' name='stonith-timeout' "
    "value='1s'/>"
    "</cluster_property_set><cluster_property_set id='cib-bootstrap-options'>"
    "<nvpair id='b' name='stonith-timeout' value='90s'/><nvpair id='c' name='fencing-enabled' value='false'/>"
    "<nvpair id='d' name='concurrent-fencing' value='no'/>"
    "<nvpair id='e' name='stonith-watchdog-timeout' value='10s'/></cluster_property_set></crm_config>"
    "<nodes><node id='1' uname='n1'><instance_attributes id='n1a'><nvpair id='f' name='rack' value='7'/>"
    "</instance_attributes></node><node id='2' uname='n2'/></nodes>"
    "<resources><template id='t' class='stonith' type='fence_apc'><instance_attributes id='ti'>"
    "<nvpair id='g' name='ip' value='10.0.0.1'/><nvpair id='h' name='port' value='no'/></instance_attributes>"
    "<meta_attributes id='tm'><nvpair id='i' name='provides' value='unfencing'/></meta_attributes></template>"
    "<primitive id='apc' template='t'><instance_attributes id='low' score='1'>"
    "<nvpair id='j' name='user' value='low'/></instance_attributes><instance_attributes id='high' score='10'>"
    "<nvpair id='k' name='user' value='high'/><nvpair id='l' name='port' value='4'/></instance_attributes>"
    "<instance_attributes id='ruled'><rule id='r'><expression id='re' attribute='a' "
    "operation='defined'/></rule>"
    "<nvpair id='m' name='ruled' value='yes'/></instance_attributes></primitive>"
    "<clone id='c1'><primitive id='cloned' class='stonith' type='fence_ipmilan'>"
    "<instance_attributes id-ref='shared'/></primitive></clone>"
    "<primitive id='ip' class='ocf' provider='heartbeat' type='IPaddr2'><instance_attributes id='shared'>"
    "<nvpair id='n' name='username' value='root'/><nvpair id-ref='g' name='address'/></instance_attributes>"
    "</primitive>"
    "<group id='g1'><primitive id='off' class='stonith' type='fence_x'><meta_attributes id='om'>"
    "<nvpair id='o' name='target-role' value='Stopped'/></meta_attributes></primitive>"
    "<primitive id='bad' class='stonith' type='fence_x'><instance_attributes id='bi'>"
    "<nvpair id='p' name='pcmk_delay_max' "
    "value='never'/></instance_attributes></primitive></group></resources>"
    "<constraints/><fencing-topology><fencing-level id='l2' target-pattern='^n[0-9]$' index='2' "
    "devices='apc,ghost'/>"
    "<fencing-level id='l1' target='n1' index='1' devices='apc'/>"
    "<fencing-level id='l3' target-attribute='rack' target-value='7' index='3' devices='cloned'/>"
    "</fencing-topology></configuration>";

static bool every_rule(void *context, const xmlNode *set)
{
    assert_string_equal(hf_xml_get(set, "id"), "ruled");
    return true;
}

static struct fence_config *read_configuration(fence_set_applies *applies, struct hf_buf *problems)
{
    HF_CLEANUP(hf_xml_doc_freep) xmlDoc *document = NULL;

    assert_null(hf_xml_parse(configuration, sizeof configuration - 1, "test", &document));
    return fence_config_read(xmlDocGetRootElement(document), applies, NULL, problems);
}

static void configuration_is_read(void **state)
{
    struct hf_buf problems = {0};
    struct fence_config *config = read_configuration(NULL, &problems);
    struct fence_device *apc = fence_config_device(config, "apc");

    assert_int_equal(config->timeout_ms, 90000);
    assert_false(config->enabled);
    assert_false(config->concurrent);
    assert_int_equal(config->watchdog_timeout_ms, 10000);
    assert_int_equal(config->n_devices, 2);
    assert_string_equal(apc->agent, "fence_apc");
    assert_true(apc->unfencing);
    assert_input(apc, FENCE_OFF, "n1", "action=off\nuser=high\nport=4\nip=10.0.0.1\nnodename=n1\n");
    assert_input(fence_config_device(config, "cloned"), FENCE_MONITOR, NULL,
                 "action=monitor\nusername=root\naddress=10.0.0.1\n");
    assert_non_null(strstr(hf_buf_text(&problems), "'bad': value 'never' of pcmk_delay_max"));
    assert_non_null(strstr(hf_buf_text(&problems), "fencing-level 'l2': there is no fence device 'ghost'"));
    fence_config_free(config);
    hf_buf_free(&problems);
    config = read_configuration(every_rule, NULL);
    assert_input(fence_config_device(config, "apc"), FENCE_MONITOR, NULL,
                 "action=monitor\nuser=high\nport=4\nruled=yes\nip=10.0.0.1\n");
    fence_config_free(config);
}

static void levels_match_by_name_pattern_and_attribute(void **state)
{
    struct fence_config *config = read_configuration(NULL, NULL);

    assert_int_equal(config->n_levels, 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(config->levels[i].index, i + 1);
    assert_true(fence_level_matches(config, &config->levels[0], "n1"));
    assert_false(fence_level_matches(config, &config->levels[0], "n2"));
    assert_true(fence_level_matches(config, &config->levels[1], "n2"));
    assert_false(fence_level_matches(config, &config->levels[1], "other"));
    assert_true(fence_level_matches(config, &config->levels[2], "n1"));
    assert_false(fence_level_matches(config, &config->levels[2], "n2"));
    fence_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_in_all_spellings),
        cmocka_unit_test(bad_parameters_are_refused_with_what_is_expected),
        cmocka_unit_test(only_names_of_fence_agents_are_run),
        cmocka_unit_test(input_names_the_target_as_the_agent_wants_it),
        cmocka_unit_test(metadata_tells_parameter_actions_and_unfencing),
        cmocka_unit_test(hosts_are_found_in_list_and_map),
        cmocka_unit_test(delay_is_base_plus_random_below_max),
        cmocka_unit_test(configuration_is_read),
        cmocka_unit_test(levels_match_by_name_pattern_and_attribute),
    };

    hf_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
