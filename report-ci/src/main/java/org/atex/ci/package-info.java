/** Shows the failures of a run where a CI service shows them: in the summary, as annotations, in sections of the log. */
@NullMarked
@Preview
package org.atex.ci;

import org.atex.api.Preview;
import org.jspecify.annotations.NullMarked;
