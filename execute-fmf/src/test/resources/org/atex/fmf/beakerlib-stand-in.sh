# A fake of BeakerLib with the parts that executors depend on: it keeps a journal and results in BEAKERLIB_DIR,
# continues them after a reboot, and reports phases and the journal with the commands that the environment names.

save_results() {
    printf '%s\n' "TESTRESULT_STATE=${1:-incomplete}" "TESTRESULT_RESULT_STRING=$worst" \
        "TESTRESULT_PHASES_FAILED=$failed_phases" "TESTRESULT_ASSERTS_FAILED=$failed" >"$BEAKERLIB_DIR/TestResults"
    printf '%s\n' "worst=$worst" "failed=$failed" "failed_phases=$failed_phases" >"$BEAKERLIB_DIR/PersistentData"
}
log() {
    printf '%s\n' "$*" >>"$BEAKERLIB_DIR/journal.txt"
    printf '%s\n' "$*" >&2
}
rlJournalStart() {
    worst=PASS failed=0 failed_phases=0
    [[ -r $BEAKERLIB_DIR/PersistentData ]] && . "$BEAKERLIB_DIR/PersistentData"
    grep -q '^name:' "$BEAKERLIB_DIR/metadata.yaml" || log "no metadata"
    save_results started
}
rlPhaseStart() {
    phase_type=$1 phase=$2 phase_failed=0
    log "phase $phase"
}
rlPhaseStartTest() { rlPhaseStart FAIL "${1:-Test}"; }
rlPhaseStartSetup() { rlPhaseStart WARN "${1:-Setup}"; }
rlRun() {
    if eval "$1"; then
        log "PASS $1"
    else
        log "FAIL $1"
        ((phase_failed++, failed++))
    fi
}
rlPhaseEnd() {
    local result=PASS file
    if ((phase_failed)); then
        result=$phase_type
        ((failed_phases++))
        [[ $worst == FAIL ]] || worst=$phase_type
    fi
    file=$(mktemp)
    grep -A 99 "^phase $phase\$" "$BEAKERLIB_DIR/journal.txt" >"$file"
    [[ -z $TESTID ]] || $BEAKERLIB_COMMAND_REPORT_RESULT "${phase//[^[:alnum:]]/-}" "$result" "$file" "$phase_failed"
    rm -f "$file"
    save_results
}
rlFileSubmit() { $BEAKERLIB_COMMAND_SUBMIT_LOG -l "$1"; }
rlJournalEnd() {
    # BeakerLib does not write this file without Python.
    $BEAKERLIB_COMMAND_SUBMIT_LOG -l "$BEAKERLIB_DIR/journal.xml" 2>/dev/null || log "no journal.xml"
    save_results complete
}
