package org.atex.fmf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.atex.api.Command;
import org.atex.api.CommandResult;
import org.atex.api.Connection;
import org.atex.api.SetupException;

/**
 * Where things are on the system: a directory for all executors there, with the trees, and in it a slot for each of them.
 *
 * @param root the directory that they share
 * @param slot the directory of one of them
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
            remove_place() {
                local slot
                for slot in "$1"/slot.*; do [[ -d $slot ]] && remove_slot "$slot"; done
                rm -rf -- "$1"
            }
            # When all slots are left, their runner is gone.
            leave_slot() {
                local slot
                remove_slot "$1"
                for slot in "${1%/*}"/slot.*; do [[ -d $slot ]] && return; done
                rm -rf -- "${1%/*}"
            }
            """;

    private static final String MAKE = REMOVE + """
            set -e
            place=$1
            if [[ ! $place ]]; then
                place=$(mktemp -d /var/tmp/atex.XXXXXXXXXX)
                trap 'rm -rf -- "$place"' EXIT
                : >"$place/plan-environment"
            fi
            slot=$(mktemp -d "$place/slot.XXXXXXXXXX")
            mkdir "$slot/bin"
            printf %s "$2" >"$slot/bin/helper"
            chmod +x "$slot/bin/helper"
            new=$((${#1} == 0))
            shift 2
            for name; do ln "$slot/bin/helper" "$slot/bin/$name"; done
            trap - EXIT
            printf '%s\\n%s\\n' "$place" "$slot"
            set +e
            # What a lost connection left there is not used again; a test runs for less than two weeks.
            in_use() {
                local slot
                for slot in "$1"/slot.*; do [[ $slot/worst -nt $place/age ]] && return; done
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
        List<String> arguments = new ArrayList<>(List.of(root, Scripts.HELPER.text()));
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

    /** {@return what removes the slot and nothing else} */
    Command removalOfSlot() {
        return Command.bash(REMOVE + "remove_slot \"$1\"", slot);
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
        return slot + "/metadata.yaml";
    }

    /** {@return what tells Beakerlib to report to us: its results and logs, and no journal that nobody reads} */
    Map<String, String> beakerlib() {
        return Map.of(
                "BEAKERLIB_COMMAND_REPORT_RESULT", slot + "/bin/rhts-report-result",
                "BEAKERLIB_COMMAND_SUBMIT_LOG", slot + "/bin/rhts-submit-log",
                "BEAKERLIB_DIR", slot + "/beakerlib",
                "BEAKERLIB_JOURNAL", "0",
                "TESTID", UUID.randomUUID().toString()); // without it, Beakerlib reports nothing
    }
}
