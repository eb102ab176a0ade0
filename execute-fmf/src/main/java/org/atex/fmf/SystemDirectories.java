package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.SetupException;

/**
 * The directories of an executor on its system: a root with the trees and the data of the plan, and in it one slot for
 * each test that runs concurrently.
 *
 * @param root the root, a directory {@code /var/tmp/atex.XXXXXXXXXX}
 * @param slot the directory of one test, a directory {@code slot.XXXXXXXXXX} in the root
 */
record SystemDirectories(String root, String slot) {
    /** The commands of tmt and restraint for tests; each is a copy of the same script, which looks at its name. */
    private static final List<String> HELPERS = List.of(
            "tmt-reboot",
            "rhts-reboot",
            "rstrnt-reboot",
            "tmt-report-result",
            "rhts-report-result",
            "rstrnt-report-result",
            "tmt-file-submit",
            "rhts-submit-log",
            "rhts_submit_log",
            "rstrnt-report-log",
            "tmt-abort",
            "rhts-abort",
            "rstrnt-abort",
            "atex-barrier",
            "atex-send",
            "atex-wait",
            "atex-checkpoint",
            "rstrnt-sync-set",
            "rhts-sync-set",
            "rhts_sync_set",
            "rstrnt-sync-block",
            "rhts-sync-block",
            "rhts_sync_block");

    /**
     * Shell functions that remove slots and roots. Removing a slot first orders the keepers of its detached runs to
     * kill them, as described in {@code detached.sh}.
     */
    static final String REMOVE = """
            remove_slot() {
                for run in "$1"/run.*/; do
                    if [[ -p $run/words ]] && read -r keeper <"$run/keeper" && kill -0 "$keeper"; then
                        printf 'x\\n' 1<>"$run/words"
                        for ((try = 0; try < 300; try++)); do kill -0 "$keeper" || break; sleep 0.02; done
                    fi
                done 2>/dev/null
                if [[ -r $1/cgroup ]] && IFS= read -r cgroup <"$1/cgroup"; then
                    # A control group cannot be removed before its killed processes have been reaped.
                    for ((try = 0; try < 50; try++)); do rmdir -- "$cgroup" && break || sleep 0.02; done 2>/dev/null
                fi
                rm -rf -- "$1"
            }
            # Links in /usr/local/bin are handed to another executor on the system if there is one, as its tests need
            # them.
            remove_commands() {
                local name all=() other
                for name in "$1"/bin/*; do
                    [[ -L /usr/local/bin/${name##*/} && /usr/local/bin/${name##*/} -ef $name ]] && all+=("${name##*/}")
                done
                ((${#all[@]})) || return
                for other in /var/tmp/atex.*/bin; do
                    [[ -d $other && $other != "$1/bin" ]] && ln -sf -t /usr/local/bin -- "${all[@]/#/$other/}" && return
                done 2>/dev/null
                rm -f -- "${all[@]/#//usr/local/bin/}"
            }
            remove_place() {
                local slot
                for slot in "$1"/slot.*; do [[ -d $slot ]] && remove_slot "$slot"; done
                remove_commands "$1"
                rm -rf -- "$1"
            }
            # Called by the keeper of an abandoned run. When no slot is left, the runner is gone: the root is removed as
            # well.
            leave_slot() {
                local slot
                remove_slot "$1"
                for slot in "${1%/*}"/slot.*; do [[ -d $slot ]] && return; done
                remove_commands "${1%/*}"
                rm -rf -- "${1%/*}"
            }
            """;

    private static final String REMOVE_WITHOUT_DATA = """
            for file in "$2"/{*,.[!.]*,..?*}; do
                [[ -e $file || -L $file ]] && echo data && exit
            done
            remove_place "$1"
            """;

    private static final String CREATE = REMOVE + """
            set -e
            place=$1 kind=$2 helper=$3
            new=$((${#place} == 0))
            shift 3
            if ((new)); then
                place=$(mktemp -d /var/tmp/atex.XXXXXXXXXX)
                trap 'rm -rf -- "$place"' EXIT
                umask 077
                : >"$place/plan-environment"
                umask 022
                # The name is free, as the directory is new and private.
                slot=$place/slot.${place##*.}
                dirs=("$slot" "$place"/{bin,plan-data})
                commands=("${@/#/$place/bin/}")
            else
                slot=$(mktemp -d "$place/slot.XXXXXXXXXX")
                dirs=()
                commands=()
            fi
            dirs+=("$slot"/{bin,spool,test,test/data})
            commands+=("${@/#/$slot/bin/}")
            mkdir "${dirs[@]}"
            printf %s "$helper" | tee "${commands[@]}" >"$slot/bin/helper"
            chmod +x "${commands[@]}" "$slot/bin/helper"
            if [[ $kind == own && $EUID == 0 ]]; then
                # Parts of a test may run as other users: they must be able to reach the helper and to write to the
                # spool, but not to list the slot. The links serve processes with a different PATH.
                chmod 755 "$place"
                chmod 711 "$slot"
                chmod 1733 "$slot/spool"
                : >"$slot/for-all"
                if ((new)); then
                    missing=()
                    for name; do [[ -e /usr/local/bin/$name ]] || missing+=("$place/bin/$name"); done
                    ((${#missing[@]} == 0)) || ln -sf -t /usr/local/bin -- "${missing[@]}" || true
                fi 2>/dev/null
            fi
            printf '%s\\n' "guest: &guest {name: default-0, role: null, hostname: \"$HOSTNAME\"}" \
                'guest-names: [default-0]' 'guests: {default-0: *guest}' 'role-names: []' 'roles: {}' >"$slot/topology.yaml"
            printf '%s\\n' 'declare -A TMT_GUEST' 'TMT_GUEST[name]="default-0"' 'TMT_GUEST[role]=""' \
                "TMT_GUEST[hostname]=\"$HOSTNAME\"" 'TMT_GUEST_NAMES="default-0"' 'declare -A TMT_GUESTS' \
                'TMT_GUESTS[default-0.name]="default-0"' 'TMT_GUESTS[default-0.role]=""' \
                "TMT_GUESTS[default-0.hostname]=\"$HOSTNAME\"" 'TMT_ROLE_NAMES=""' 'declare -A TMT_ROLES' >"$slot/topology.sh"
            trap - EXIT
            printf '%s\\n%s\\n' "$place" "$slot"
            set +e
            # Remove roots that were left behind when a connection was lost. A root counts as unused if it is older than
            # two weeks and no test was started in it since, as test.pid is written at each start.
            in_use() {
                local slot
                for slot in "$1"/slot.*; do [[ $slot/test.pid -nt $place/age ]] && return; done
                return 1
            }
            all=(/var/tmp/atex.??????????)
            if ((new && ${#all[@]} > 1)) && touch -d '14 days ago' "$place/age"; then
                for old in "${all[@]}"; do
                    [[ -d $old && -O $old && ! -L $old && $old -ot $place/age ]] && ! in_use "$old" &&
                        remove_place "$old"
                done
                rm -- "$place/age"
            fi >/dev/null 2>&1
            """ + BootId.SCRIPT;

    /**
     * Directories that were created.
     *
     * @param directories the directories
     * @param bootId the boot of the system, which is read in the same command to save a round trip
     */
    record Created(SystemDirectories directories, BootId bootId) {}

    /**
     * Creates a slot.
     *
     * @param connection the connection to the system
     * @param root the root of the executor; empty to create it as well
     * @throws SetupException if the directories cannot be created
     */
    static Created create(Connection connection, String root) throws InterruptedException {
        List<String> arguments =
                new ArrayList<>(List.of(root, connection.isThisMachine() ? "shared" : "own", Scripts.HELPER.text()));
        arguments.addAll(HELPERS);
        CommandResult result = connection.run(Command.bash(CREATE, arguments.toArray(String[]::new)));
        // Two lines with the directories, and the boot id, which is empty on a system without /proc.
        String[] answer = result.stdout().split("\n", 3);
        if (!result.succeeded() || answer.length < 2) {
            throw new SetupException(
                    "could not make a directory below /var/tmp on " + connection + ": " + result.end()
                            + " (check free space and permissions): "
                            + result.stderr().strip(),
                    null);
        }
        return new Created(new SystemDirectories(answer[0], answer[1]), new BootId(answer.length > 2 ? answer[2] : ""));
    }

    /** {@return the command that removes the root and everything in it} */
    Command removalCommand() {
        return Command.bash(REMOVE + "remove_place \"$1\"", root);
    }

    /** {@return the command that does the same, or only prints a line if the plan has left data} */
    Command removalWithoutPlanDataCommand() {
        return Command.bash(REMOVE + REMOVE_WITHOUT_DATA, root, planData());
    }

    String tree() {
        return root + "/tree";
    }

    String libraries() {
        return root + "/libs";
    }

    String planEnvironment() {
        return root + "/plan-environment";
    }

    String metadata() {
        return test() + "/metadata.yaml";
    }

    /** {@return the directory with the files of the current test, BeakerLib's included; emptied before each test} */
    String test() {
        return slot + "/test";
    }

    /** {@return the directory with the replies to commands that wait for other systems} */
    String replies() {
        return slot + "/replies";
    }

    /** {@return the directory for files that the test wants to keep, {@code TMT_TEST_DATA}} */
    String testData() {
        return test() + "/data";
    }

    /** {@return the random part of the root's name, which distinguishes executors on the same system} */
    String suffix() {
        return root.substring(root.lastIndexOf('.') + 1);
    }

    /** {@return the directory for files of the whole plan, {@code TMT_PLAN_DATA}} */
    String planData() {
        return root + "/plan-data";
    }

    /**
     * {@return the variables that make BeakerLib report through the helpers and write its results to {@link #test}}
     *
     * @param id the value of {@code TESTID}; without it, BeakerLib reports nothing
     */
    Map<String, String> beakerlib(String id) {
        return Map.of(
                "BEAKERLIB_COMMAND_REPORT_RESULT",
                slot + "/bin/rhts-report-result",
                "BEAKERLIB_COMMAND_SUBMIT_LOG",
                slot + "/bin/rhts-submit-log",
                "BEAKERLIB_DIR",
                test(),
                "TESTID",
                id);
    }
}
