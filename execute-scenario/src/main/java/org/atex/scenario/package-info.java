/** Tests that are made of timed events, and an executor that runs them. */
@NullMarked
@Preview
package org.atex.scenario;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
