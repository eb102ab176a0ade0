/** Writes test results in the Test Anything Protocol (TAP). */
@NullMarked
@Preview
package org.atex.tap;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
