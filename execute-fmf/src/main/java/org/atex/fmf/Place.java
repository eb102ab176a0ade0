package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.SetupException;

/**
 * The directories on a system: one for the executor, with the trees, and in it a slot for each test that runs at the same
 * time.
 *
 * @param root the directory of the executor
 * @param slot the directory of one test
 */
record Place(String root, String slot) {
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
            "rstrnt-abort");

    /** Functions for scripts, which also end what still runs detached there. */
    static final String REMOVE = """
            remove_slot() {
                for run in "$1"/run.*/; do
                    if [[ -p $run/words ]] && read -r keeper <"$run/keeper" && kill -0 "$keeper"; then
                        printf 'x\\n' 1<>"$run/words"
                        for ((try = 0; try < 300; try++)); do kill -0 "$keeper" || break; sleep 0.02; done
                    fi
                done 2>/dev/null
                if [[ -r $1/cgroup ]] && IFS= read -r cgroup <"$1/cgroup"; then
                    # The dead may still have to be buried.
                    for ((try = 0; try < 50; try++)); do rmdir -- "$cgroup" && break || sleep 0.02; done 2>/dev/null
                fi
                rm -rf -- "$1"
            }
            # Another place on the system may need them.
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
            # When all slots are left, their runner is gone.
            leave_slot() {
                local slot
                remove_slot "$1"
                for slot in "${1%/*}"/slot.*; do [[ -d $slot ]] && return; done
                remove_commands "${1%/*}"
                rm -rf -- "${1%/*}"
            }
            """;

    private static final String MAKE = REMOVE + """
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
            fi
            slot=$(mktemp -d "$place/slot.XXXXXXXXXX")
            dirs=("$slot"/{bin,spool,test,test/data})
            commands=("${@/#/$slot/bin/}")
            if ((new)); then
                dirs+=("$place"/{bin,plan-data})
                commands+=("${@/#/$place/bin/}")
            fi
            mkdir "${dirs[@]}"
            printf %s "$helper" | tee "${commands[@]}" >"$slot/bin/helper"
            chmod +x "${commands[@]}" "$slot/bin/helper"
            if [[ $kind == own && $EUID == 0 ]]; then
                # Parts of tests run as other users, and find their reports' way even with a PATH of their own.
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
            # What a lost connection left there is not used again; a test runs for less than two weeks.
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
            """ + Boot.SCRIPT;

    /**
     * A place that was made.
     *
     * @param place it
     * @param boot the life of its system
     */
    record Made(Place place, Boot boot) {}

    /**
     * Makes a slot.
     *
     * @param connection the system
     * @param root the directory that executors share; empty to make that, too
     */
    static Made make(Connection connection, String root) throws InterruptedException {
        List<String> arguments =
                new ArrayList<>(List.of(root, connection.isThisMachine() ? "shared" : "own", Scripts.HELPER.text()));
        arguments.addAll(HELPERS);
        CommandResult result = connection.run(Command.bash(MAKE, arguments.toArray(String[]::new)));
        String[] answer = result.stdout().split("\n", 3);
        if (!result.succeeded() || answer.length < 2) {
            throw new SetupException(
                    "could not make a directory below /var/tmp on " + connection + ": " + result.end()
                            + " (is there room?): " + result.stderr().strip(),
                    null);
        }
        return new Made(new Place(answer[0], answer[1]), new Boot(answer.length > 2 ? answer[2] : ""));
    }

    /** {@return what removes all of it} */
    Command removal() {
        return Command.bash(REMOVE + "remove_place \"$1\"", root);
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

    /** {@return where things of the test are that runs, BeakerLib's among them; what one leaves is removed before the next} */
    String test() {
        return slot + "/test";
    }

    /** {@return where tests leave what is to be kept of them} */
    String testData() {
        return test() + "/data";
    }

    /** {@return what tells the directory of all executors from others of its system} */
    String number() {
        return root.substring(root.lastIndexOf('.') + 1);
    }

    /** {@return where scripts and tests leave what is to be kept of the system} */
    String planData() {
        return root + "/plan-data";
    }

    /**
     * {@return what tells BeakerLib to report to us, and to leave its results where they are looked for}
     *
     * @param id without one, BeakerLib reports nothing
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
