/**
 * The control stream: how a running test talks to its runner. One way, test to runner; lines of a word and an argument,
 * some followed by raw bytes. The words are those of {@link org.atex.fmf.control.ControlWord}.
 */
@NullMarked
@Preview
package org.atex.fmf.control;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
