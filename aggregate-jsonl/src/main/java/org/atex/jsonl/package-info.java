/** Results as JSON Lines and as YAML documents, with files; and to several places at once. */
@NullMarked
@Stable
package org.atex.jsonl;

import org.atex.api.Stable;
import org.jspecify.annotations.NullMarked;
