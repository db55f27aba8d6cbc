#include "demo/paper_chat/server.h"
#include <stdio.h>
void
page_answer(struct call *call)
{
	call_answer(call, 404, json_object());
}
